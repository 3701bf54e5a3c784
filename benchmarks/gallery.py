"""The sheet by which every change of a style is judged: photos or frames, in every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

from benchmarks.gallery_columns import column_names, draw_targets, open_column, target_names
from benchmarks.sheet import cut, sheet
from livecartoon.config import TemporalName
from livecartoon.errors import InputError, UsageError
from livecartoon.frame import Frame, Pixels
from livecartoon.sources.file import FileSource
from livecartoon.sources.images import list_pictures
from livecartoon.sources.pictures import read_picture
from trainer.metrics.pictures import spaced

Tell = Callable[[str], object]
"""Hears of each column as it begins."""
VIDEO_SUFFIXES = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a gallery shows, and how large."""

    styles: tuple[str, ...] = ()
    """STYLE, STYLE:TIER, a weights file or a student's run; none = all installed, all tiers."""
    targets: tuple[str, ...] = ()
    """Styles whose designed targets are shown; none = those of the columns, ("none",) = none."""
    size: tuple[int, int] = (640, 400)
    """(width, height) at which everything is drawn; what is shown is cut to it first."""
    cell: int = 320
    """Width of a cell on the sheet."""
    count: int = 12
    """Pictures of a folder, evenly spaced."""
    frames: int = 6
    """Consecutive frames of a video."""
    skip: int = 12
    """Frames of a video before them, which the anti-flicker has seen."""
    workers: int = 1
    """Processes that draw targets."""

    def __post_init__(self) -> None:
        if min(self.cell, self.count, self.frames, self.workers, self.skip + 1) < 1:
            raise UsageError("E201", "a number of the gallery is below 1", "leave it out")


def photo_sheet(places: Sequence[Path], plan: Plan, tell: Tell) -> Pixels:
    """One row for each photo, picture of a folder, or frame `skip` of a clip."""
    frames, names = [], []
    for name, pixels in _stills(places, plan):
        frames.append(Frame(cut(pixels, *plan.size), 0, Fraction(1)))
        names.append(name)
    return _sheet(frames, names, plan, "off", tell)


def video_sheet(clip: Path, plan: Plan, tell: Tell) -> Pixels:
    """One row for each of `frames` consecutive frames, with the anti-flicker on."""
    with FileSource(clip) as source:
        taken = list(islice(source, plan.skip + plan.frames))
    if len(taken) <= plan.skip:
        raise InputError("E301", f"{clip.name} has {len(taken)} frames", "a smaller --skip")
    frames = [replace(frame, pixels=cut(frame.pixels, *plan.size)) for frame in taken]
    names = [f"{frame.seconds:.3f} s" for frame in frames[plan.skip :]]
    return _sheet(frames, names, plan, "blend", tell)


def _sheet(
    frames: Sequence[Frame],
    names: Sequence[str],
    plan: Plan,
    temporal: TemporalName,
    tell: Tell,
) -> Pixels:
    """Draw all frames in every column and show the last ones, as many as there are `names`."""
    columns = column_names(plan.styles)
    shown = [frame.pixels for frame in frames[-len(names) :]]
    made = {"input": shown}
    for style in target_names(plan.targets, columns):
        tell(f"target {style}")
        made[f"target {style}"] = draw_targets(style, shown, plan.workers)
    for column in columns:
        tell(column)
        with open_column(column, plan.size, temporal) as draw:
            made[_head(column)] = [draw(frame) for frame in frames][-len(names) :]
    width, height = plan.cell, round(plan.cell * plan.size[1] / plan.size[0])
    cells = [[cut(picture, width, height) for picture in column] for column in made.values()]
    return sheet(list(made), list(zip(*cells, strict=True)), names)


def _head(column: str) -> str:
    path = Path(column)
    return f"run {path.name}" if path.is_dir() else path.name.replace(".safetensors", "")


def _stills(places: Sequence[Path], plan: Plan) -> Iterator[tuple[str, Pixels]]:
    for place in places:
        if place.suffix.lower() in VIDEO_SUFFIXES:
            with FileSource(place) as source:
                frame = next(islice(source, plan.skip, None), None)
            if frame is None:
                raise InputError("E301", f"{place.name} has no frame {plan.skip}", "--skip 0")
            yield place.stem, frame.pixels
            continue
        found = list_pictures(str(place))
        for index in spaced(len(found), plan.count):
            yield found[index].stem, read_picture(found[index]).pixels
