"""`livecartoon demo`: see it work, with nothing at hand."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.options import engine_options, style_flags
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import open_status, size_text
from livecartoon.cli.summary import engine_text
from livecartoon.cli.values import TIME
from livecartoon.escape import printable

if TYPE_CHECKING:
    from livecartoon.jobs.convert import Progress
    from livecartoon.jobs.demo import DemoReport, Take
    from livecartoon.jobs.report import FileReport

PIPED_WIDTH = 120
OWN_FOLDER = Path("livecartoon-demo")


@flag("-y", "--overwrite", is_flag=True, help="Overwrite files in the folder given by -o.")
@flag("-o", "--output", type=FILE, help=f"Folder for the results ({OWN_FOLDER}).")
@flag("--video", type=FILE, help="Convert this video instead of a clip made here.")
@flag("--seconds", type=TIME, default="6", help="Length of the clip.")
@style_flags
@command("demo")
def demo(
    seconds: Fraction, video: Path | None, output: Path | None, overwrite: bool, **values: Any
) -> None:
    """Make a clip, convert it in every style, verify it and show a table.

    \b
    Examples:
      livecartoon demo
      livecartoon demo --seconds 2 -s classic
    """
    from livecartoon.jobs.demo import run_demo
    from livecartoon.styles import find_style

    session = current()
    typed: str | None = values["style"]
    options = engine_options(session, values)
    with open_status(session) as status:

        def on_start(number: int, count: int, take: Take, report: FileReport) -> None:
            status.begin(take.output.name, number + 1, count)
            session.say(f"{take.style}  {engine_text(report)}")

        def on_progress(progress: Progress) -> None:
            status.update(progress.frame, progress.frames)

        made = run_demo(
            output or OWN_FOLDER,
            options,
            video=video,
            styles=[find_style(typed)] if typed else None,
            seconds=float(max(Fraction(1, 2), min(seconds, Fraction(60)))),
            overwrite=overwrite or output is None,
            on_start=on_start,
            on_progress=on_progress,
            on_warning=session.warn,
        )
    _show(session, made)


def _show(session: Session, made: DemoReport) -> None:
    """Print the table and the paths, on stdout: they are what was asked for."""
    if not session.json:
        _table(session, made)
    session.result(f"clip    {printable(str(made.clip))}")
    session.result(f"compare {printable(str(made.strip))}")
    items = [
        {"style": take.style, "tier": take.tier} | report.to_json() for take, report in made.takes
    ]
    session.finish(files=items, clip=made.clip, strip=made.strip, engine=made.takes[0][1].engine)


def _table(session: Session, made: DemoReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in ("style", "tier", "frames", "fps", "speed", "size", "verified"):
        numeric = name in ("frames", "fps", "speed", "size")
        table.add_column(name, justify="right" if numeric else "left")
    table.add_column("path", overflow="fold")
    for take, report in made.takes:
        table.add_row(
            take.style,
            take.tier,
            str(report.frames_out),
            f"{report.fps_end_to_end:.1f}",
            f"{report.speed:.1f}x",
            size_text(report.bytes_out),
            "yes" if report.status == "done" else report.status,
            printable(str(report.output)),
        )
    has_color = session.wants_color(sys.stdout)
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    Console(no_color=not has_color, highlight=False, width=width).print(table)
