"""How noisy the source is, measured so that motion does not count as noise."""

from __future__ import annotations

import math

import cv2
import numpy as np

from livecartoon.temporal.planes import Floats

_BLOCK = 8
"""Side of a block, in working pixels."""
_SETTLE_S = 0.4
_FLOOR = 0.06
"""Variance that rounding to 8 bit alone leaves."""


class NoiseLevel:
    """Standard deviation of the noise left in the working planes: a luma map, a chroma number.

    For noise that is new in every frame, E[-D(t) D(t-1)] of frame differences D is its variance;
    steady motion makes the product negative instead, so it does not add to it.
    """

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._rows, self._columns = max(height // _BLOCK, 1), max(width // _BLOCK, 1)
        self._difference = np.empty((3, height, width), np.float32)
        self._last = np.empty_like(self._difference)
        self._product = np.empty((height, width), np.float32)
        self._variance: Floats | None = None
        self._has_last = False
        self.luma = np.full((height, width), math.sqrt(_FLOOR), np.float32)
        self.chroma = math.sqrt(_FLOOR)

    def forget_difference(self) -> None:
        """After a break the last difference means nothing; the noise level still does."""
        self._has_last = False

    def update(self, now: Floats, before: Floats, elapsed_s: float, *, is_held: bool) -> None:
        """Take in two neighbouring frames of planes (3, h, w); `is_held` = too much moves.

        Of repeated frames (24 fps carried at 60) nothing can be learnt: they are passed over,
        else the estimate would sink to zero.
        """
        np.subtract(now, before, out=self._difference)
        sample = self._difference[0, ::8, ::8]
        if not sample.any():
            return
        self._difference[0] -= float(np.median(sample))  # a step of the whole picture
        seen = self._lagged() if self._has_last else self._quiet_third()
        self._difference, self._last = self._last, self._difference
        self._has_last = True
        if self._variance is None:
            self._variance = seen
        elif not is_held:
            self._variance += (1 - math.exp(-elapsed_s / _SETTLE_S)) * (seen - self._variance)
        self._spread(self._variance)

    def _lagged(self) -> Floats:
        seen = np.empty((3, self._rows, self._columns), np.float32)
        for plane, last, block in zip(self._difference, self._last, seen, strict=True):
            cv2.multiply(plane, last, dst=self._product, scale=-1)
            self._block_means(self._product, block)
        return np.maximum(seen, 0, out=seen)

    def _quiet_third(self) -> Floats:
        """Without a product: the quiet third of the blocks tells the noise."""
        seen = np.empty((3, self._rows, self._columns), np.float32)
        for plane, block in zip(self._difference, seen, strict=True):
            cv2.multiply(plane, plane, dst=self._product, scale=0.5)
            self._block_means(self._product, block)
            quiet = float(np.percentile(block, 35))
            np.clip(block, quiet, 3 * quiet, out=block)
        return seen

    def _block_means(self, values: Floats, out: Floats) -> None:
        if min(values.shape) >= _BLOCK:  # whole blocks only: a whole ratio is much faster
            values = values[: self._rows * _BLOCK, : self._columns * _BLOCK]
        cv2.resize(values, (self._columns, self._rows), dst=out, interpolation=cv2.INTER_AREA)

    def _spread(self, variance: Floats) -> None:
        luma = cv2.boxFilter(variance[0], -1, (3, 3))
        middle = float(np.median(luma))
        luma = np.sqrt(np.clip(luma, max(0.6 * middle, _FLOOR), min(max(6 * middle, 0.25), 16.0)))
        height, width = self._shape
        cv2.resize(luma, (width, height), dst=self.luma, interpolation=cv2.INTER_LINEAR)
        chroma = max(float(variance[1].mean()), float(variance[2].mean()))
        self.chroma = math.sqrt(min(max(chroma, _FLOOR), 9.0))


class ResidualNoise(NoiseLevel):
    """Noise of frames of which one was moved onto the other: an imperfect motion is part of it."""

    def _lagged(self) -> Floats:
        return self._quiet_third()
