"""Key frames of films, through the product's own reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from livecartoon.errors import UsageError
from trainer.data.decode import Bytes

SCENE_CHANGE = 0.35
"""Share of the tone histogram that changes at a cut; pans stay below 0.15."""
SETTLE_S = 0.4
"""After a cut, so that a fade or a decoder's first coarse frame is over."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of a film are looked at."""

    method: Literal["interval", "scene", "keyframes"] = "interval"
    every_s: float = 2.0
    """Between two frames of the interval method."""

    def __post_init__(self) -> None:
        if self.method not in ("interval", "scene", "keyframes"):
            raise UsageError("E201", f"no sampling {self.method!r}", "interval, scene, keyframes")
        if not self.every_s > 0:
            raise UsageError("E201", f"every {self.every_s} s is impossible", "--every 2")


def sample_film(path: Path, sampling: Sampling) -> Iterator[Bytes]:
    """Yield upright RGB frames (H, W, 3) of the film `path`; InputError where it is none.

    "interval" takes the first frame at or after every multiple of `every_s` by the film's own
    times, "scene" one frame of each scene, "keyframes" those the codec coded alone.
    """
    from livecartoon.sources.file import FileSource

    only_key_frames = sampling.method == "keyframes"
    with FileSource(path, on_error="repeat", only_key_frames=only_key_frames) as source:
        wanted = _wanted(sampling)
        for frame in source:
            if wanted(frame.pixels, frame.seconds):
                yield frame.pixels


def _wanted(sampling: Sampling) -> Callable[[Bytes, float], bool]:
    if sampling.method == "scene":
        return _Scenes()
    if sampling.method == "interval":
        return _Interval(sampling.every_s)
    return lambda pixels, seconds: True


class _Interval:
    """The first frame of every `every_s` seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due_s: float | None = None

    def __call__(self, pixels: Bytes, seconds: float) -> bool:
        if self._due_s is None:
            self._due_s = seconds
        if seconds < self._due_s:
            return False
        passed = (seconds - self._due_s) // self._every_s + 1
        self._due_s += passed * self._every_s
        return True


class _Scenes:
    """One frame of each scene, shortly after its beginning."""

    def __init__(self) -> None:
        self._tones: np.ndarray | None = None
        self._due_s: float | None = None

    def __call__(self, pixels: Bytes, seconds: float) -> bool:
        tones = _tones(pixels)
        is_cut = self._tones is None or float(np.abs(tones - self._tones).sum()) / 2 > SCENE_CHANGE
        self._tones = tones
        if is_cut:
            self._due_s = seconds + SETTLE_S
        if self._due_s is None or seconds < self._due_s:
            return False
        self._due_s = None
        return True


def _tones(pixels: Bytes) -> np.ndarray:
    """Shares of 8x4x4 HSV bins of a small version."""
    small = cv2.resize(pixels, (64, 36), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256])
    return np.asarray(counts.ravel() / counts.sum())
