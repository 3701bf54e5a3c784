"""The demo: make a clip, convert it in every shipped style, verify, compare side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.frame import Pixels
from livecartoon.jobs.convert import ConvertSettings, Progress, convert_file
from livecartoon.jobs.demo_scene import write_clip
from livecartoon.jobs.naming import make_folder
from livecartoon.jobs.report import FileReport
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources.file import FileSource
from livecartoon.styles import Style, list_styles, short_name

CLIP = "demo.mp4"
STRIP = "before-after.png"
OTHERS = 3
"""Styles beside the first."""
CELL_WIDTH = 640
#: Where in the video the pictures of the strip are taken.
MOMENTS = (0.3, 0.8)


@dataclass(frozen=True, slots=True)
class Take:
    """One conversion of the demo."""

    style: str
    tier: str
    """`filter` for a style without weights."""
    output: Path


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo made."""

    clip: Path
    takes: list[tuple[Take, FileReport]]
    strip: Path


def plan_takes(folder: Path, stem: str, styles: Iterable[Style], tier: str) -> list[Take]:
    """Return a conversion for every tier of every style, `tier` alone if it is not auto."""
    takes = []
    for style in styles:
        tiers = [name for name, path in style.files.items() if path.is_file()]
        if style.kind == "generator" and tier != "auto":
            tiers = [style.file_for(tier)[0]]
        names = {name: f"{short_name(style.name)}-{name}" for name in tiers}
        if style.kind == "filter":
            names = {"filter": short_name(style.name)}
        takes += [Take(style.name, t, folder / f"{stem}.{n}.mp4") for t, n in names.items()]
    return takes


def run_demo(
    folder: Path,
    options: EngineOptions,
    *,
    video: Path | None = None,
    styles: list[Style] | None = None,
    seconds: float = 6.0,
    overwrite: bool = False,
    on_start: Callable[[int, int, Take, FileReport], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str, str], None] | None = None,
) -> DemoReport:
    """Convert `video`, or a clip made here, in `styles`; every result is read back."""
    clip = video or folder / CLIP
    takes = plan_takes(folder, clip.stem, styles or _shown(), options.tier)
    strip = folder / STRIP
    made = [take.output for take in takes] + [strip] + ([] if video else [clip])
    _check_free(folder, made, overwrite=overwrite)
    if video is None:
        write_clip(clip, seconds)
    reports = []
    for number, take in enumerate(takes):
        report = convert_file(
            clip,
            take.output,
            replace(options, style=take.style, tier="auto" if take.tier == "filter" else take.tier),
            ConvertSettings(overwrite=overwrite),
            on_progress,
            on_warning=on_warning,
            on_start=_numbered(on_start, number, len(takes), take),
        )
        reports.append((take, report))
    outputs = [report.output for _, report in reports if report.output]
    strip.write_bytes(encode_picture(strip, compare([clip, *outputs], reports[0][1].frames_out)))
    return DemoReport(clip, reports, strip)


def _shown() -> list[Style]:
    """What a minute is enough for: the first style in its tiers, three in one, and the filters."""
    first, *others = (style for style in list_styles() if not style.base)
    networks = [style for style in others if style.files][:OTHERS]
    single = [replace(style, files=dict([style.file_for("small")])) for style in networks]
    return [first, *single, *(style for style in others if style.kind == "filter")]


def _numbered(
    on_start: Callable[[int, int, Take, FileReport], None] | None,
    number: int,
    count: int,
    take: Take,
) -> Callable[[FileReport], None] | None:
    if on_start is None:
        return None
    return lambda report: on_start(number, count, take, report)


def _check_free(folder: Path, made: list[Path], *, overwrite: bool) -> None:
    make_folder(folder)
    taken = [path for path in made if path.exists()]
    if taken and not overwrite:
        raise OutputError("E401", f"{taken[0]} exists", "-y to overwrite", "-o another folder")


def compare(videos: list[Path], frames: int) -> Pixels:
    """Return one picture: a column for each video, a row for each of MOMENTS."""
    indices = [min(frames - 1, int(share * frames)) for share in MOMENTS]
    return np.hstack([np.vstack(_pick(video, indices)) for video in videos])


def _pick(video: Path, indices: list[int]) -> list[Pixels]:
    """Return those frames of a video, reduced to a cell."""
    found: list[Pixels] = []
    with FileSource(video) as source:
        for index, frame in enumerate(source):
            found += [_reduced(frame.pixels)] * indices.count(index)
            if index >= max(indices):
                break
    return found


def _reduced(pixels: Pixels) -> Pixels:
    """Shrink by a whole factor to about CELL_WIDTH, each pixel the mean of a block."""
    factor = max(1, pixels.shape[1] // CELL_WIDTH)
    height, width = (side // factor for side in pixels.shape[:2])
    blocks = pixels[: height * factor, : width * factor]
    blocks = blocks.reshape(height, factor, width, factor, 3)
    reduced: Pixels = np.rint(blocks.mean((1, 3), dtype=np.float32)).astype(np.uint8)
    return reduced
