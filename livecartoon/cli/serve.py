"""`livecartoon serve`: the live picture on a page."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import click

from livecartoon.cli.flags import command, flag
from livecartoon.cli.options import engine_options, style_flags
from livecartoon.cli.session import current
from livecartoon.cli.values import RATE, SIZE, TIME, Named
from livecartoon.errors import EngineError
from livecartoon.size import SizeRule

WIDE = (1920, 1080)


@flag("--duration", type=TIME, help="Stop after that time.")
@flag("--static-skip/--no-static-skip", default=True, help="Rest while nothing moves.")
@flag("--loop", "is_looped", is_flag=True, help="Start a video file over at its end.")
@flag(
    "--input-format", type=Named(["auto", "mjpeg", "yuyv"]), default="auto", help="Camera format."
)
@flag("--fps", "rate", type=RATE, default="30", help="Pictures per second asked of the camera.")
@flag("--size", type=SIZE, default="640x360", help="Size asked of the camera.")
@flag(
    "--camera",
    default="browser:",
    metavar="browser:|N|NAME|PATH|URL|pattern:",
    help="The browser's own camera, or one of this machine as for cam.",
)
@flag("--token", metavar="auto|TEXT", help="Secret in the address; needed beyond this machine.")
@flag("--port", type=click.IntRange(0, 65535), default=8765, help="Port, or the next free one.")
@flag("--host", default="127.0.0.1", help="Address to listen at.")
@style_flags
@command("serve")
def serve(**values: Any) -> None:
    """Show a camera as a cartoon on a page, live.

    \b
    Examples:
      livecartoon serve
      livecartoon serve --camera pattern: --duration 2s
    """
    try:
        from livecartoon.jobs.serve import ServeSettings, run_serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("aiohttp", "aiortc"):
            raise
        raise EngineError(
            "E503", f"serve needs {error.name}", 'pip install "livecartoon[web]"'
        ) from error
    from livecartoon.jobs.live import LiveSettings

    session = current()
    size: SizeRule = values.pop("size")
    width, height = size.resolve(*WIDE)
    duration: Fraction | None = values.pop("duration")
    page = ServeSettings(**{name: values.pop(name) for name in ("host", "port", "token")})
    own = ("camera", "rate", "input_format", "is_looped", "static_skip")
    settings = LiveSettings(
        width=width,
        height=height,
        duration_s=None if duration is None else float(duration),
        **{name: values.pop(name) for name in own},
    )
    options = engine_options(session, values)
    report = run_serve(
        page, settings, options, lambda address: session.say(f"open {address}  (Ctrl-C ends it)")
    )
    for text in report.warnings:
        session.warn("W801", text)
    fields = report.as_json()
    fields.pop("warnings")
    fields.pop("seconds")
    session.finish(0, **fields)
