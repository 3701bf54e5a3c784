"""How noisy the source is, measured so that motion does not count as noise."""

from __future__ import annotations

import math

import cv2
import numpy as np

from livecartoon.temporal.codec import CodecSteps
from livecartoon.temporal.planes import Floats

_BLOCK = 8
"""Side of a block, in working pixels."""
_SETTLE_S = 0.4
_REVERSAL = -0.25
"""Median correlation of neighbouring differences of which half the blocks of noise are sure."""
_FLOOR = 0.06
"""Variance that rounding to 8 bit alone leaves."""
_CHROMA_FLOOR = 0.13
"""The same of chroma, which most videos hold in a quarter of the pixels. Colours that change alone
by less than a level are seen later for it; a dim kitchen at rest flickers by 0.15 levels instead of
0.17."""


class NoiseLevel:
    """Standard deviation of the noise left in the working planes: a luma map, a chroma number.

    For noise that is new in every frame, E[-D(t) D(t-1)] of frame differences D is its variance;
    steady motion makes the product negative instead, so it does not add to it.
    """

    _chroma_floor = _CHROMA_FLOOR

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._rows, self._columns = max(height // _BLOCK, 1), max(width // _BLOCK, 1)
        self._difference = np.empty((3, height, width), np.float32)
        self._last = np.empty_like(self._difference)
        self._product = np.empty((height, width), np.float32)
        self._variance: Floats | None = None
        self._has_last = False
        self._is_borrowed = False
        self._codec = CodecSteps()
        self.luma = np.full((height, width), math.sqrt(_FLOOR), np.float32)
        self.chroma = math.sqrt(_FLOOR)

    def take_over(self, other: NoiseLevel) -> None:
        """Go on from what another estimate of the same stream has learnt."""
        self.forget_difference()
        self._codec = other._codec
        if other._variance is not None:
            self._variance = other._variance.copy()
            self._spread(self._variance)
            self._is_borrowed = True

    @property
    def is_coded(self) -> bool:
        """Whether the source shows the steps of a video codec."""
        return self._codec.variance > _FLOOR

    def forget_difference(self) -> None:
        """After a break the last difference means nothing; the noise level still does."""
        self._has_last = False
        self._codec.forget_difference()

    def update(self, now: Floats, before: Floats, elapsed_s: float, *, is_held: bool) -> None:
        """Take in two neighbouring frames of planes (3, h, w); `is_held` = too much moves.

        What moves may be the noise itself, when the estimate was too low: a plane whose
        differences reverse from frame to frame is learnt from all the same. Of repeated frames
        (24 fps carried at 60) nothing can be learnt: they are passed over, else the estimate
        would sink to zero.
        """
        np.subtract(now, before, out=self._difference)
        sample = self._difference[0, ::8, ::8]
        if not sample.any():
            return
        if step := float(np.median(sample)):
            self._difference[0] -= step  # of the whole picture
        seen = self._lagged() if self._has_last else self._quiet_third()
        if self._variance is None:
            self._variance = seen
        elif self._is_borrowed:  # the other may have taken motion for noise
            np.minimum(self._variance, seen, out=self._variance)
            self._is_borrowed = False
        else:
            learns = np.array([not is_held or self._is_noise(plane) for plane in range(3)])
            share = np.where(learns, 1 - math.exp(-elapsed_s / _SETTLE_S), 0)
            self._variance += share[:, None, None].astype(np.float32) * (seen - self._variance)
        if is_held:
            self._codec.forget_difference()
        else:
            self._codec.update(self._energy(), elapsed_s)
        self._difference, self._last = self._last, self._difference
        self._has_last = True
        self._spread(self._variance)

    def _is_noise(self, plane: int) -> bool:
        """Whether differences reverse: those of white noise correlate by -1/2, of motion by 0."""
        if not self._has_last:
            return False
        now, last = self._difference[plane], self._last[plane]
        sums = np.empty((3, self._rows, self._columns), np.float32)
        for (a, b), block in zip(((now, last), (now, now), (last, last)), sums, strict=True):
            cv2.multiply(a, b, dst=self._product)
            self._block_means(self._product, block)
        energy = np.sqrt(np.maximum(sums[1] * sums[2], 0))
        is_lively = energy > _FLOOR
        if not is_lively.any():
            return False
        return float(np.median(sums[0][is_lively] / energy[is_lively])) < _REVERSAL

    def _energy(self) -> Floats:
        energy = np.empty((self._rows, self._columns), np.float32)
        cv2.multiply(self._difference[0], self._difference[0], dst=self._product)
        self._block_means(self._product, energy)
        return energy

    def _lagged(self) -> Floats:
        seen = np.empty((3, self._rows, self._columns), np.float32)
        for plane, last, block in zip(self._difference, self._last, seen, strict=True):
            cv2.multiply(plane, last, dst=self._product, scale=-1)
            self._block_means(self._product, block)
        return np.maximum(seen, 0, out=seen)

    def _quiet_third(self) -> Floats:
        """Without a product: the quiet third of the blocks tells the noise.

        Not of chroma that reverses like noise: a codec leaves it untouched in most blocks and
        coarse in the others.
        """
        seen = np.empty((3, self._rows, self._columns), np.float32)
        for index, (plane, block) in enumerate(zip(self._difference, seen, strict=True)):
            cv2.multiply(plane, plane, dst=self._product, scale=0.5)
            self._block_means(self._product, block)
            quiet, loud = np.percentile(block, (35, 80))
            most = max(3 * quiet, loud) if index and self._is_noise(index) else 3 * quiet
            np.clip(block, np.float32(quiet), np.float32(most), out=block)
        return seen

    def _block_means(self, values: Floats, out: Floats) -> None:
        if min(values.shape) >= _BLOCK:  # whole blocks only: a whole ratio is much faster
            values = values[: self._rows * _BLOCK, : self._columns * _BLOCK]
        cv2.resize(values, (self._columns, self._rows), dst=out, interpolation=cv2.INTER_AREA)

    def _spread(self, variance: Floats) -> None:
        luma = cv2.boxFilter(variance[0], -1, (3, 3))
        middle = float(np.median(luma))
        low, high = max(0.6 * middle, _FLOOR), min(max(6 * middle, 0.25), 16.0)
        luma = np.sqrt(np.maximum(np.clip(luma, low, high), self._codec.variance))
        height, width = self._shape
        cv2.resize(luma, (width, height), dst=self.luma, interpolation=cv2.INTER_LINEAR)
        chroma = max(float(variance[1].mean()), float(variance[2].mean()))
        self.chroma = math.sqrt(min(max(chroma, self._chroma_floor), 9.0))


class ResidualNoise(NoiseLevel):
    """Noise of frames of which one was moved onto the other: an imperfect motion is part of it."""

    _chroma_floor = _FLOOR

    def _lagged(self) -> Floats:
        return self._quiet_third()
