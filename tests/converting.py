"""Conversions with toy engines: one that changes nothing, a negative, one that fails."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from benchmarks.conformance import compare
from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.report import FileReport
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from tests.drawing import ClipPlan

FAST = ConvertSettings(preset="ultrafast", crf=4)
LOSSLESS = ConvertSettings(codec="ffv1", pix_fmt="bgr0")
OPTIONS = EngineOptions(style="identity")
#: Seven pictures at uneven times, the first half a second late.
VFR = ClipPlan(pts=(6400, 6900, 7400, 9000, 9100, 12000, 15000), key_frames=3)


def identity(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: frame)


def negative(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: replace(frame, pixels=255 - frame.pixels))


def failing(error: BaseException, after: int) -> Callable[..., nullcontext]:  # type: ignore[type-arg]
    seen: list[int] = []

    def stylize(frame: Frame) -> Frame:
        seen.append(frame.pts)
        if len(seen) > after:
            raise error
        return frame

    return lambda info, options: nullcontext(stylize)


def convert(
    source: Path,
    output: Path | None = None,
    make: Callable[..., nullcontext] = identity,  # type: ignore[type-arg]
    base: ConvertSettings = FAST,
    **changes: object,
) -> FileReport:
    """Convert with `make`'s engine and `base`, in which `changes` are other."""
    settings = replace(base, **changes)  # type: ignore[arg-type]  # fields of the settings
    return convert_file(source, output, OPTIONS, settings, make_stylize=make)


def differences(report: FileReport) -> list[str]:
    assert report.output is not None
    rows = compare(report.input, report.output)
    return [f"{row.what}: {row.source} | {row.output}" for row in rows if not row.is_same]


def frames_of(path: Path) -> list[Frame]:
    with FileSource(path) as source:
        return list(source)
