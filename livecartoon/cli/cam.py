"""`livecartoon cam`: the live picture."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.live import camera_fields, camera_flags
from livecartoon.cli.options import engine_options, snap_flags, style_flags
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import open_status
from livecartoon.cli.values import TIME, Named
from livecartoon.escape import printable

if TYPE_CHECKING:
    from livecartoon.jobs.live import LiveReport


@flag("-y", "overwrite", is_flag=True, help="Overwrite the recording.")
@flag("--snapshot-dir", type=FILE, help="Folder for snapshots (pictures folder).")
@flag("--reconnect", type=TIME, default="30s", help="Wait that long for a lost camera.")
@flag("--frames", type=click.IntRange(1), help="Stop after that many pictures.")
@flag("--sink", "sinks", multiple=True, metavar="null", help="Further sink; null only measures.")
@flag("--record", type=FILE, help="Record to this file, without sound.")
@flag("--stream", metavar="URL", help="Send it to rtmp://, rtsp:// or udp://.")
@flag("--vcam", is_flag=False, flag_value="", metavar="[DEV]", help="Feed a virtual camera.")
@flag("--hud", type=Named(["off", "min", "full"]), default="min", help="Text on the picture.")
@flag("--fullscreen", is_flag=True, help="Start in full screen.")
@flag("--show/--no-show", default=True, help="Open a window.")
@flag("--mirror/--no-mirror", default=None, help="Mirror the window (cameras only).")
@camera_flags("1280x720")
@flag(
    "--camera",
    default="",
    metavar="N|NAME|PATH|URL|pattern:|screen:|-",
    help="Camera, video file, stream, drawn card, screen or standard input.",
)
@snap_flags
@style_flags
@command("cam")
def cam(**values: Any) -> None:
    """Show the camera as a cartoon, live.

    \b
    Examples:
      livecartoon cam
      livecartoon cam --camera pattern: --no-show --sink null --duration 2s

    Keys: q quits, 1..9 choose a style, ? shows all others.
    """
    from livecartoon.jobs.live import LiveSettings, LiveStatus, run_live

    session = current()
    own = {f.name for f in dataclasses.fields(LiveSettings)}
    camera = camera_fields(values)
    settings = LiveSettings(
        reconnect_s=float(values.pop("reconnect")),
        **camera,
        **{name: values.pop(name) for name in own & values.keys()},
    )
    options = engine_options(session, values)
    with open_status(session) as status:
        status.begin("live", 1, 1)

        def on_status(seen: LiveStatus) -> None:
            stage = seen.note or ("warming up" if seen.is_warming else seen.style)
            status.update(seen.shown, settings.frames, stage=stage)

        report = run_live(settings, options, on_status, on_line=session.say)
    _close(session, report)


def _close(session: Session, report: LiveReport) -> None:
    for text in report.warnings:
        session.warn("W801", text)
    shown, fps = report.frames.get("shown", 0), report.fps.get("shown", 0.0)
    p95 = report.latency_ms.get("p95")
    latency = f"  latency p95 {p95:.0f} ms" if p95 is not None else ""
    session.say(f"{report.end_reason}  {shown} pictures shown  {fps:.1f} fps{latency}")
    recorded = [s["target"] for s in report.sinks if s["kind"] == "record" and s["bytes"]]
    for path in [*recorded, *report.snapshots]:
        session.say(f"saved {printable(path)}")
    fields = report.as_json()
    fields.pop("warnings")
    fields.pop("seconds")
    # Ctrl-C is how a live picture ends; before there was one it is an interruption.
    exit_code = 130 if report.end_reason == "interrupt" and not shown else 0
    session.finish(exit_code, **fields)
    if exit_code:
        raise click.exceptions.Exit(exit_code)
