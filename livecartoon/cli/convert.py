"""`livecartoon convert`: video files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livecartoon.cli.cluster import batch_of, cluster_choice, cluster_flags, run_on_cluster
from livecartoon.cli.flags import FILE, AnyCommand, command, flag
from livecartoon.cli.narrator import Narrator
from livecartoon.cli.options import engine_options, snap_flags, style_flags
from livecartoon.cli.pipes import PIPE_NAME, check_pipes, open_stdout, spooled
from livecartoon.cli.session import Session, current
from livecartoon.cli.status import Status, open_status
from livecartoon.cli.summary import (
    check_overwrite,
    close_files,
    engine_name,
    engine_text,
    file_line,
    make_folder,
    plan_lines,
)
from livecartoon.cli.values import BITRATE, RATE, SIZE, TIME, Named
from livecartoon.errors import UsageError

if TYPE_CHECKING:
    from livecartoon.config import EngineOptions
    from livecartoon.jobs.hooks import Progress
    from livecartoon.jobs.report import FileReport
    from livecartoon.jobs.settings import ConvertSettings

OWN_NAMES = (
    *("codec", "crf", "bitrate", "preset", "pix_fmt", "audio", "subs", "overwrite"),
    *("skip_existing", "on_error", "hdr", "ss", "to", "duration", "size", "fps", "compare"),
    *("decode", "resume", "jobs", "dry_run"),
)
PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)


CONVERT_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag(
        "-o",
        "--output",
        type=FILE,
        help="File, folder, template ({dir}/{stem}.{style}.{ext}) or - for Matroska on stdout.",
    ),
    flag("-r", "--recursive", is_flag=True, help="Descend into folders."),
    flag("-y", "--overwrite", is_flag=True, help="Overwrite existing outputs."),
    flag("-n", "--skip-existing", is_flag=True, help="Skip files whose output exists."),
    flag("--ss", type=TIME, metavar="TIME", help="Begin there."),
    flag("--to", type=TIME, metavar="TIME", help="End there."),
    flag("-t", "--time", "duration", type=TIME, metavar="TIME", help="Take so much."),
    flag("--size", type=SIZE, metavar="SIZE", help="Size of the result, 1280x720 or 720p."),
    flag("--fps", type=RATE, metavar="RATE", help="Constant rate: frames are repeated or dropped."),
    flag(
        "-c",
        "--codec",
        default="auto",
        metavar="auto|h264|hevc|av1|vp9|prores|ffv1|NAME",
        help="Video codec.",
    ),
    flag("--crf", type=click.IntRange(0, 63), help="Quality, lower is better."),
    flag("--bitrate", type=BITRATE, metavar="RATE", help="Bits per second instead: 4M."),
    flag("--preset", type=Named(PRESETS), default="medium", help="Encoder speed against size."),
    flag("--pix-fmt", metavar="FMT", help="Pixel format (yuv420p)."),
    flag("-e", "--encoder-option", multiple=True, metavar="KEY=VALUE", help="Raw encoder option."),
    flag("--audio", type=Named(["copy", "aac", "opus", "none"]), default="copy", help="Sound."),
    flag("--subs", type=Named(["copy", "none"]), default="copy", help="Subtitles."),
    flag("--no-metadata", is_flag=True, help="Carry over no tags, add none."),
    flag("--no-chapters", is_flag=True, help="Carry over no chapters."),
    flag(
        "--compare",
        type=Named(["none", "h", "v", "wipe"]),
        default="none",
        help="Show the source beside or above the result, or wipe.",
    ),
    flag("--hdr", type=Named(["tonemap", "refuse"]), default="tonemap", help="HDR sources."),
    flag("--deinterlace", type=Named(["auto", "off"]), default="auto", help="Interlaced sources."),
    flag("--resume/--no-resume", default=True, help="Go on with what an earlier run saved."),
    flag("--segment", type=TIME, default="20s", metavar="TIME", help="Length of what is saved."),
    flag("--jobs", type=click.IntRange(1, 64), default=1, help="Segments made side by side."),
    flag(
        "--on-error",
        type=Named(["abort", "repeat"]),
        default="abort",
        help="Undecodable frame: stop, or repeat the one before.",
    ),
    flag("--decode", type=Named(["cpu", "cuda"]), default="cpu", help="Where films are decoded."),
    flag("--dry-run", is_flag=True, help="Say what would be done."),
    flag("--keep-going/--fail-fast", default=True, help="After a failed file, go on."),
)


def convert_flags(made: AnyCommand) -> AnyCommand:
    """Add the flags above."""
    for add in CONVERT_FLAGS:
        made = add(made)
    return made


@convert_flags
@cluster_flags
@snap_flags
@style_flags
@command("convert")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
def convert(inputs: tuple[str, ...], **values: Any) -> None:
    """Convert video files, folders, globs, @list.txt or - (stdin) into cartoons.

    \b
    Examples:
      livecartoon convert holiday.mp4
      livecartoon convert holiday.mp4 -s classic -o cartoon.mkv -y
    """
    from livecartoon.jobs.naming import expand_inputs, known_names

    session = current()
    output, is_recursive = values.pop("output"), values.pop("recursive")
    fail_fast = not values.pop("keep_going")
    to_pipe = output is not None and str(output) == PIPE_NAME
    cluster = cluster_choice(values, to_pipe=to_pipe)
    settings = _settings(values)
    from livecartoon.jobs.snapping import as_the_style_ends

    options = as_the_style_ends(engine_options(session, values))
    check_pipes(inputs, output, is_json=session.json)
    with ExitStack() as stack:
        if PIPE_NAME in inputs:
            inputs = (str(stack.enter_context(spooled(output))),)
            settings = replace(settings, resume=False)
        names = known_names(options.style)
        paths = expand_inputs(list(inputs), is_recursive=is_recursive, styles=names)
        if not settings.dry_run and not to_pipe:
            make_folder(output, len(paths))
        status = stack.enter_context(open_status(session))
        if cluster is not None:
            batch = batch_of(paths, output, options, settings)
            reports = run_on_cluster(session, status, batch, cluster, fail_fast=fail_fast)
        else:
            run = _stream if to_pipe else _run
            reports = run(session, status, paths, output, options, settings, fail_fast)
        for report in reports:
            if report.status == "planned":
                session.say("\n".join(plan_lines(report)))
    close_files(session, reports)


def _settings(values: dict[str, Any]) -> ConvertSettings:
    """Take the flags that are convert's own out of `values`."""
    from livecartoon.jobs.settings import ConvertSettings

    check_overwrite(values)
    pairs = [text.partition("=") for text in values.pop("encoder_option")]
    wrong = next((key for key, equals, _ in pairs if not (key and equals)), None)
    if wrong is not None:
        raise UsageError("E201", f"-e {wrong!r} is not KEY=VALUE", "-e g=48")
    settings = ConvertSettings(
        **{name: values.pop(name) for name in OWN_NAMES},
        deinterlace=values.pop("deinterlace") == "auto",
        metadata=not values.pop("no_metadata"),
        chapters=not values.pop("no_chapters"),
        segment_s=values.pop("segment"),
        encoder_options=tuple((key, value) for key, _, value in pairs),
    )
    settings.encoder()  # bad values fail here, before anything is opened
    return settings


def _stream(
    session: Session,
    status: Status,
    paths: list[Path],
    output: Path | None,
    options: EngineOptions,
    settings: ConvertSettings,
    fail_fast: bool,
) -> list[FileReport]:
    """Convert one file into stdout."""
    from livecartoon.jobs.convert import convert_file

    def begin(started: FileReport) -> None:
        status.begin(started.input.name, 1, 1)
        status.engine = engine_name(started)
        session.say(engine_text(started))

    report = convert_file(
        paths[0],
        None,
        options,
        settings,
        lambda progress: status.update(progress.frame, progress.frames, stage=progress.stage),
        on_warning=session.warn,
        on_start=begin,
        stdout=open_stdout(),
    )
    if report.status != "planned":
        session.say(file_line(report))
    return [report]


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

    narrator = _OneByOne(session, status, len(paths))
    try:
        return convert_many(
            paths,
            output,
            options,
            settings,
            fail_fast=fail_fast,
            on_progress=narrator.move,
            on_warning=session.warn,
            on_start=narrator.start,
            on_done=narrator.end,
        )
    except KeyboardInterrupt:
        narrator.on_interrupt(narrator.running)
        raise


class _OneByOne(Narrator):
    """Each film has the bar while it is drawn."""

    def __init__(self, session: Session, status: Status, films: int) -> None:
        super().__init__(session, status, films)
        self.running: list[Path] = []
        """Where the film being drawn will lie, if it has begun."""

    def start(self, number: int, report: FileReport) -> None:
        self.running = [report.output] if report.output is not None else []
        self._status.begin(report.input.name, number + 1, self.films)
        self.on_start(report)

    def move(self, number: int, progress: Progress) -> None:
        self.on_progress(progress)

    def end(self, number: int, report: FileReport) -> None:
        self.on_done(report)
