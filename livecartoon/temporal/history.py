"""The running mean of styled frames, at full size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from livecartoon.frame import Pixels
from livecartoon.temporal.cubic import fetch_cubic
from livecartoon.temporal.loops import step_towards
from livecartoon.temporal.planes import Floats

_STRIP_PIXELS = 20_000
"""Two float strips of this many pixels stay in the second-level cache."""
COARSE = 16
"""A brightness step of the whole picture is followed at one pixel in 16 x 16."""


class Memory(Protocol):
    """A running mean of styled frames, wherever it lies."""

    def seed(self, styled: Pixels) -> None:
        """Start anew from `styled`."""
        ...

    def blend(self, styled: Pixels, gain: Floats, hold: float = 0.0) -> Pixels:
        """Move towards `styled` by `gain` (h, w) in 0..1; return the mean, rounded, fresh.

        A level shown is left when the mean is half a one and `hold` (0..0.4) away from it: a mean
        between two levels would tremble from one to the other.
        """
        ...

    def rebase(self, styled: Pixels) -> None:
        """Follow at once what changed in the wide, as after a step of the exposure."""
        ...

    def move(self, flow: Floats, times: int) -> None:
        """Fetch every pixel's mean from where `flow` (2, h, w) says, `times` as far."""
        ...


class History:
    """Float32 mean of styled frames (H, W, 3), moved towards each frame by a gain per pixel.

    Never 8 bit: at a gain of 0.15 a difference below three levels would round to no step at
    all and stay as a ghost for ever. 16-bit fixed point halves the memory but took 1.2 times as
    long. Worked on in strips of rows, so that the main memory is crossed once, not five times.
    """

    def __init__(self, height: int, width: int) -> None:
        self._rows = min(max(_STRIP_PIXELS // width, 1), height)
        self._mean = np.empty((height, width, 3), np.float32)
        self._held = np.empty((height, width, 3), np.uint8)
        """The levels shown last."""
        self._gain = np.empty((height, width), np.float32)
        self._step = np.empty((self._rows, width, 3), np.float32)
        self._weight = np.empty_like(self._step)
        self._wide: Floats | None = None
        self._path: _Path | None = None
        self._is_on_its_way = False
        """The mean has a path to go yet; it does so strip by strip, as the next frame comes in."""

    def seed(self, styled: Pixels) -> None:
        """Start anew from `styled`."""
        self._is_on_its_way = False
        np.copyto(self._mean, styled)
        np.copyto(self._held, styled)

    def blend(self, styled: Pixels, gain: Floats, hold: float = 0.0) -> Pixels:
        """Move towards `styled` by `gain` (h, w) in 0..1; return the mean, rounded, fresh."""
        height, width = styled.shape[:2]
        cv2.resize(gain, (width, height), dst=self._gain, interpolation=cv2.INTER_LINEAR)
        shown = np.empty((height, width, 3), np.uint8)
        for rows in self._strips():
            mean = self._mean_of(rows).reshape(-1, 3 * width)
            target = np.ascontiguousarray(styled[rows]).reshape(-1, 3 * width)
            held, out = (p[rows].reshape(-1, 3 * width) for p in (self._held, shown))
            step_towards(mean, target, self._gain[rows], np.float32(hold), held, out)
        self._arrive()
        return shown

    def rebase(self, styled: Pixels) -> None:
        """Follow at once what changed in the wide, as after a step of the exposure.

        Each pixel moves towards `styled` and never beyond, so the mean stays within what was
        seen there; better by 0.3 dB, too, than to move them all.
        """
        self._finish_path()
        height, width = styled.shape[:2]
        coarse = max(width // COARSE, 1), max(height // COARSE, 1)
        target = cv2.resize(styled, coarse, interpolation=cv2.INTER_AREA)
        change = cv2.resize(self._mean, coarse, interpolation=cv2.INTER_AREA)
        np.subtract(target, change, out=change)
        if self._wide is None:
            self._wide = np.empty_like(self._mean)
        cv2.resize(change, (width, height), dst=self._wide, interpolation=cv2.INTER_LINEAR)
        for rows in self._strips():
            mean, wide = self._mean[rows], self._wide[rows]
            step, limit = self._step[: len(mean)], self._weight[: len(mean)]
            np.subtract(styled[rows], mean, out=step)
            np.minimum(wide, np.maximum(step, 0, out=limit), out=wide)
            np.maximum(wide, np.minimum(step, 0, out=limit), out=wide)
            mean += wide

    def move(self, flow: Floats, times: int) -> None:
        """Fetch every pixel's mean from where `flow` (2, h, w) says, `times` as far.

        Bicubic: bilinear fetches, frame after frame, cost a quarter of the sharpness.
        """
        self._finish_path()
        if self._path is None:
            self._path = _Path(self._mean)
        self._path.lead(flow, times)
        self._is_on_its_way = True

    def _mean_of(self, rows: slice) -> Floats:
        """A strip of the mean, fetched if it is on its way."""
        if self._is_on_its_way and self._path is not None:
            return self._path.fetched(self._mean, rows)
        return self._mean[rows]

    def _finish_path(self) -> None:
        """Go it now, where somebody else than the next frame asks for the mean."""
        if self._is_on_its_way:
            for rows in self._strips():
                self._mean_of(rows)
            self._arrive()

    def _arrive(self) -> None:
        """Take the strips that were fetched for the mean."""
        if self._is_on_its_way and self._path is not None:
            self._mean, self._path.moved = self._path.moved, self._mean
        self._is_on_its_way = False

    def _strips(self) -> Iterator[slice]:
        height = len(self._mean)
        return (slice(top, top + self._rows) for top in range(0, height, self._rows))


class _Path:
    """Where every pixel's mean comes from; fetched strip by strip, while they are in the cache."""

    def __init__(self, mean: Floats) -> None:
        """For a mean like this."""
        height, width = mean.shape[:2]
        self.moved = np.empty_like(mean)
        """What was fetched."""
        self._flow, self._times = np.empty((2, height, width), np.float32), np.float32(1)

    def lead(self, flow: Floats, times: int) -> None:
        """Along `flow` (2, h, w), `times` as far."""
        height, width = self._flow.shape[1:]
        self._times = np.float32(times)
        for part, plane in zip(flow, self._flow, strict=True):
            cv2.resize(part, (width, height), dst=plane, interpolation=cv2.INTER_LINEAR)

    def fetched(self, mean: Floats, rows: slice) -> Floats:
        """Fetch a strip from `mean`."""
        width = mean.shape[1]
        moved = self.moved[rows]
        whole, part = mean.reshape(-1, 3 * width), moved.reshape(-1, 3 * width)
        fetch_cubic(whole, self._flow, self._times, rows.start, part)
        return moved
