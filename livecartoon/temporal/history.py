"""The running mean of styled frames, at full size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from livecartoon.frame import Pixels
from livecartoon.temporal.fetch import fetch
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

    def blend(self, styled: Pixels, gain: Floats) -> Pixels:
        """Move towards `styled` by `gain` (h, w) in 0..1; return the mean, rounded, fresh."""
        ...

    def rebase(self, styled: Pixels) -> None:
        """Follow at once what changed in the wide, as after a step of the exposure."""
        ...

    def move(self, flow: Floats, times: int) -> None:
        """Fetch every pixel's mean from where `flow` (h, w, 2) says, `times` as far."""
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
        self._gain = np.empty((height, width), np.float32)
        self._step = np.empty((self._rows, width, 3), np.float32)
        self._weight = np.empty_like(self._step)
        self._wide: Floats | None = None
        self._spare: Floats | None = None
        self._grid: Floats | None = None

    def seed(self, styled: Pixels) -> None:
        """Start anew from `styled`."""
        np.copyto(self._mean, styled)

    def blend(self, styled: Pixels, gain: Floats) -> Pixels:
        """Move towards `styled` by `gain` (h, w) in 0..1; return the mean, rounded, fresh."""
        height, width = styled.shape[:2]
        cv2.resize(gain, (width, height), dst=self._gain, interpolation=cv2.INTER_LINEAR)
        shown = np.empty_like(styled)
        for rows in self._strips():
            mean = self._mean[rows]
            step, weight = self._step[: len(mean)], self._weight[: len(mean)]
            np.copyto(step, styled[rows])  # OpenCV's mixed subtraction takes three times as long
            cv2.subtract(step, mean, dst=step)
            cv2.cvtColor(self._gain[rows], cv2.COLOR_GRAY2RGB, dst=weight)
            cv2.accumulateProduct(step, weight, mean)
            cv2.convertScaleAbs(mean, dst=shown[rows])
        return shown

    def rebase(self, styled: Pixels) -> None:
        """Follow at once what changed in the wide, as after a step of the exposure.

        Each pixel moves towards `styled` and never beyond, so the mean stays within what was
        seen there; better by 0.3 dB, too, than to move them all.
        """
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
        """Fetch every pixel's mean from where `flow` (h, w, 2) says, `times` as far.

        Bicubic: bilinear fetches, frame after frame, cost a quarter of the sharpness.
        """
        height, width = self._mean.shape[:2]
        if self._spare is None or self._grid is None:
            self._spare = np.empty_like(self._mean)
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            self._grid = np.stack([x, y], axis=-1)
            self._places = np.empty_like(self._grid)
        cv2.resize(flow, (width, height), dst=self._places, interpolation=cv2.INTER_LINEAR)
        self._places *= float(times)
        self._places += self._grid
        fetch(self._mean, self._places, cv2.INTER_CUBIC, self._spare)
        np.clip(self._spare, 0, 255, out=self._spare)
        self._mean, self._spare = self._spare, self._mean

    def _strips(self) -> Iterator[slice]:
        height = len(self._mean)
        return (slice(top, top + self._rows) for top in range(0, height, self._rows))
