"""`livecartoon convert`: video files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.options import engine_options, snap_flags, style_flags
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import Status, open_status
from livecartoon.cli.summary import (
    check_overwrite,
    close_files,
    engine_text,
    file_line,
    make_folder,
)
from livecartoon.cli.values import Named
from livecartoon.errors import UsageError

if TYPE_CHECKING:
    from livecartoon.config import EngineOptions
    from livecartoon.jobs.convert import ConvertSettings, Progress
    from livecartoon.jobs.report import FileReport

PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)


@flag("--keep-going/--fail-fast", default=True, help="After a failed file, go on with the next.")
@flag("--no-metadata", is_flag=True, help="Carry over no tags, add none.")
@flag("--deinterlace", type=Named(["auto", "off"]), default="auto", help="Interlaced sources.")
@flag("--hdr", type=Named(["tonemap", "refuse"]), default="tonemap", help="HDR sources.")
@flag(
    "--on-error",
    type=Named(["abort", "repeat"]),
    default="abort",
    help="Undecodable frame: stop, or repeat the one before.",
)
@flag("--audio", type=Named(["copy", "none"]), default="copy", help="Sound tracks.")
@flag("-e", "--encoder-option", multiple=True, metavar="KEY=VALUE", help="Raw encoder option.")
@flag("--pix-fmt", default="yuv420p", help="Pixel format.")
@flag("--preset", type=Named(PRESETS), default="medium", help="Encoder speed against size.")
@flag("--crf", type=click.IntRange(0, 63), help="Quality, lower is better.")
@flag("-c", "--codec", default="auto", metavar="auto|h264|hevc|av1|vp9|prores|ffv1|NAME")
@flag("-n", "--skip-existing", is_flag=True, help="Skip files whose output exists.")
@flag("-y", "--overwrite", is_flag=True, help="Overwrite existing outputs.")
@flag("-r", "--recursive", is_flag=True, help="Descend into folders.")
@flag("-o", "--output", type=FILE, help="File, folder or template ({dir}/{stem}.{style}.{ext}).")
@snap_flags
@style_flags
@command("convert")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
def convert(inputs: tuple[str, ...], **values: Any) -> None:
    """Convert video files, folders, globs or @list.txt into cartoons.

    \b
    Examples:
      livecartoon convert holiday.mp4
      livecartoon convert holiday.mp4 -s classic -o cartoon.mkv -y
    """
    from livecartoon.jobs.naming import expand_inputs

    session = current()
    output, is_recursive = values.pop("output"), values.pop("recursive")
    fail_fast = not values.pop("keep_going")
    settings = _settings(values)
    options = engine_options(session, values)
    paths = expand_inputs(list(inputs), is_recursive=is_recursive)
    make_folder(output, len(paths))
    with open_status(session) as status:
        reports = _run(session, status, paths, output, options, settings, fail_fast)
    close_files(session, reports)


def _settings(values: dict[str, Any]) -> ConvertSettings:
    """Take the flags that are convert's own out of `values`."""
    from livecartoon.jobs.convert import ConvertSettings

    check_overwrite(values)
    pairs = [text.partition("=") for text in values.pop("encoder_option")]
    wrong = next((key for key, equals, _ in pairs if not (key and equals)), None)
    if wrong is not None:
        raise UsageError("E201", f"-e {wrong!r} is not KEY=VALUE", "-e g=48")
    names = ("codec", "crf", "preset", "pix_fmt", "audio", "overwrite", "skip_existing")
    settings = ConvertSettings(
        **{name: values.pop(name) for name in (*names, "on_error", "hdr")},
        deinterlace=values.pop("deinterlace") == "auto",
        metadata=not values.pop("no_metadata"),
        encoder_options=tuple((key, value) for key, _, value in pairs),
    )
    settings.encoder()  # bad values fail here, before anything is opened
    return settings


def _run(
    session: Session,
    status: Status,
    paths: list[Path],
    output: Path | None,
    options: EngineOptions,
    settings: ConvertSettings,
    fail_fast: bool,
) -> list[FileReport]:
    """Convert the files, one line for each that is finished."""
    from livecartoon.jobs.convert import convert_many

    told: set[str] = set()

    def on_start(number: int, report: FileReport) -> None:
        status.begin(report.input.name, number + 1, len(paths))
        text = engine_text(report)
        if text not in told:
            told.add(text)
            session.say(text)

    def on_progress(number: int, progress: Progress) -> None:
        status.update(progress.frame, progress.frames, stage=options.style)

    def on_done(number: int, report: FileReport) -> None:
        if report.status != "failed" or len(paths) > 1:
            session.say(file_line(report))

    return convert_many(
        paths,
        output,
        options,
        settings,
        fail_fast=fail_fast,
        on_progress=on_progress,
        on_warning=session.warn,
        on_start=on_start,
        on_done=on_done,
    )
