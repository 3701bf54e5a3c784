"""The commands that look at pictures: steadiness, nearness to targets, flicker, sheets."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks.output import OUTPUT, finish
from benchmarks.record import RESULTS, write_record


@click.command()
@click.argument("clips", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--style", "styles", multiple=True, help="touchy or STYLE-TIER; may be repeated.")
@click.option("--case", "cases", multiple=True, help="Only that drawn clip; may be repeated.")
@click.option("--worse", multiple=True, help="CLIPS also as mjpeg, stream or webcam; repeatable.")
@click.option("--frames", default=40, show_default=True)
@click.option("--size", default="640x360", show_default=True, help="Of the drawn clips.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for charts and slices.")
@OUTPUT
def temporal(**flags: Any) -> None:  # noqa: ANN401  click's own values
    """Scores of anti-flicker beside a running mean: on drawn clips, or on CLIPS.

    Drawn clips have gates, exit 1 if one is missed; of real ones the table names what is missed.
    """
    from benchmarks.temporal_command import measure_clips, measure_drawn

    output: Path | None = flags.pop("output")
    is_whole = not flags["cases"]
    if clips := flags.pop("clips"):
        figures = measure_clips(clips, click.echo, **flags)
        name = "temporal-clips"
    else:
        figures = measure_drawn(click.echo, **flags)
        name = "temporal"
    if output or is_whole:
        write_record(output or RESULTS / f"{name}.json", name, figures)
    if not figures.get("is_good", True):
        sys.exit(1)


@click.command()
@click.argument("pairs", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--cards", is_flag=True, help="Write the figures into weights files and cards, too.")
@OUTPUT
def styles(pairs: Path, cards: bool, output: Path | None) -> None:
    """How near every shipped network comes to its targets; PAIRS has a folder for each style.

    Made by `python -m trainer targets PHOTOS -o PAIRS --held-out --style ... --style ...`.
    """
    from benchmarks.styles import measure_styles, write_cards

    figures = measure_styles(pairs)
    if cards:
        write_cards(figures)
    finish("styles", figures, output)


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--style", "styles", multiple=True, help="touchy or STYLE-TIER; may be repeated.")
@click.option("--frames", default=3, show_default=True, help="Of each clip.")
@OUTPUT
def flicker(
    clips: tuple[Path, ...], styles: tuple[str, ...], frames: int, output: Path | None
) -> None:
    """Where flicker comes from: noise, phase, compression and exposure, per style, on CLIPS."""
    from benchmarks.flicker_sources import run

    finish("flicker", run(clips, styles, frames), output)


@click.command()
@click.argument("photos", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--video", type=click.Path(path_type=Path, exists=True), help="Instead of PHOTOS.")
@click.option("-s", "--style", "styles", multiple=True, help="STYLE[:TIER], a file, a RUN; or all.")
@click.option("--target", "targets", multiple=True, help="STYLE or none; else of those shown.")
@click.option("--size", default="640x400", show_default=True, help="At which all is drawn.")
@click.option("--cell", default=320, show_default=True, help="Width of a picture on the sheet.")
@click.option("--count", default=12, show_default=True, help="Photos of a folder.")
@click.option("--frames", default=6, show_default=True, help="Consecutive ones of --video.")
@click.option("--skip", default=12, show_default=True, help="Frames of a clip before them.")
@click.option("--workers", default=1, show_default=True, help="Processes that draw targets.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="PNG, WebP.")
def gallery(photos: tuple[Path, ...], video: Path | None, output: Path, **flags: Any) -> None:  # noqa: ANN401
    """Draw a sheet: PHOTOS, folders, clips or frames of --video as rows, styles as columns."""
    from benchmarks.gallery import Plan, photo_sheet, video_sheet
    from benchmarks.sheet import save
    from livecartoon.size import parse_size

    if bool(photos) == bool(video):
        raise click.UsageError("PHOTOS or --video CLIP")
    plan = Plan(**flags | {"size": parse_size(flags["size"]).resolve(640, 400)})
    tell = partial(click.echo, err=True)
    drawn = video_sheet(video, plan, tell) if video else photo_sheet(photos, plan, tell)
    save(output, drawn)
    click.echo(f"saved {output}, {drawn.shape[1]}x{drawn.shape[0]}")


PICTURE_COMMANDS = (temporal, styles, flicker, gallery)
