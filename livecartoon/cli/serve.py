"""`livecartoon serve`: the live picture on a page."""

from __future__ import annotations

from typing import Any

import click

from livecartoon.cli.flags import command, flag
from livecartoon.cli.live import camera_fields, camera_flags
from livecartoon.cli.options import engine_options, style_flags
from livecartoon.cli.session import current
from livecartoon.errors import EngineError


@camera_flags("640x360")
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
        from livecartoon.jobs.serve import ServeSettings, is_loopback_host, run_serve
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("aiohttp", "aiortc"):
            raise
        raise EngineError(
            "E503", f"serve needs {error.name}", 'pip install "livecartoon[web]"'
        ) from error
    from livecartoon.jobs.live import LiveSettings

    session = current()
    page = ServeSettings(**{name: values.pop(name) for name in ("host", "port", "token")})
    settings = LiveSettings(camera=values.pop("camera"), **camera_fields(values))
    options = engine_options(session, values)
    if settings.camera == "browser:" and not is_loopback_host(page.host):
        session.warn(
            "W801",
            "browsers elsewhere keep their camera from a page without https: "
            "--camera 0 sends this machine's",
        )
    report = run_serve(
        page, settings, options, lambda address: session.say(f"open {address}  (Ctrl-C ends it)")
    )
    for text in report.warnings:
        session.warn("W801", text)
    fields = report.as_json()
    fields.pop("warnings")
    fields.pop("seconds")
    session.finish(0, **fields)
