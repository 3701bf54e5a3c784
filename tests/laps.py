"""Conversions in short laps with a toy engine that remembers, and films compared."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.report import FileReport
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan

OPTIONS = EngineOptions(style="classic", temporal="blend")
SHORT = ConvertSettings(preset="ultrafast", codec="ffv1", segment_s=Fraction(1, 2))
IRREGULAR = tuple(512 * n + 37 * (n % 5) for n in range(60))
PLANS = {
    "plain.mp4": ClipPlan(frames=60, key_frames=20),
    "b-frames.mp4": ClipPlan(frames=60, key_frames=25, options=(("bf", "3"), ("preset", "medium"))),
    "vfr.mp4": ClipPlan(pts=IRREGULAR, key_frames=7),
    "late.mp4": ClipPlan(pts=tuple(pts + 6400 for pts in IRREGULAR), key_frames=9),
    "slides.mkv": ClipPlan(pts=tuple(12800 * n for n in range(5)), sound=()),
    "turned.mov": ClipPlan(frames=60, rotation=90),
    "vp9.webm": ClipPlan(frames=60, codec="libvpx-vp9", options=(), sound=("libopus",)),
}


class Echo:
    """A stylizer with a memory: each picture is mixed with the one before."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._mine: list[Frame] = []
        self._next: list[Frame] | None = None

    def fork(self) -> None:
        self._next = []

    def switch(self) -> None:
        self._mine, self._next = self._next or [], None

    def __call__(self, frame: Frame) -> Frame:
        if self._next is not None:
            self._next = [*self._next, frame][-3:]
        self._mine = [*self._mine, frame][-3:]
        parts = [old.pixels // len(self._mine) for old in self._mine]
        return replace(frame, pixels=sum(parts[1:], start=parts[0]))


def echo(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(Echo())


def stopping(after: int) -> Callable[..., nullcontext]:  # type: ignore[type-arg]
    """Echoes, until Ctrl-C after some frames."""
    seen: list[int] = []

    class Stopping(Echo):
        def __call__(self, frame: Frame) -> Frame:
            seen.append(frame.pts)
            if len(seen) > after:
                raise KeyboardInterrupt
            return Echo.__call__(self, frame)

    return lambda info, options: nullcontext(Stopping())


def convert(
    source: Path,
    output: Path,
    settings: ConvertSettings = SHORT,
    make: Callable[..., object] = echo,
    options: EngineOptions = OPTIONS,
) -> FileReport:
    return convert_file(source, output, options, settings, make_stylize=make)  # type: ignore[arg-type]


def pixels_of(path: Path) -> list[bytes]:
    with FileSource(path) as source:
        return [frame.pixels.tobytes() for frame in source]


def assert_same_film(one: Path, other: Path) -> None:
    assert inspect(one).pts == inspect(other).pts
    assert inspect(one).end_s == inspect(other).end_s
    assert inspect(one).sound == inspect(other).sound
    assert pixels_of(one) == pixels_of(other)
