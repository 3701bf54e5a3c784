"""Pictures that stand still need not be drawn again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

STILL_LEVELS = 0.5
"""Mean difference of two thumbnails, in 8-bit levels, below which nothing has moved."""
MOST_REUSES = 10
THUMB_H, THUMB_W, SAMPLES = 36, 64, 4


class StillDetector:
    """Says whether a picture equals the last one styled, by a 64x36 luma thumbnail.

    At most ten pictures in a row are called still, so that a slow change is never frozen.
    """

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._reuses = 0

    def __call__(self, pixels: Pixels) -> bool:
        """True if the last result can be shown again."""
        now = thumbnail(pixels)
        before = self._before
        is_still = (
            before is not None
            and before.shape == now.shape
            and self._reuses < MOST_REUSES
            and float(np.abs(now - before).mean()) < STILL_LEVELS
        )
        if is_still:
            self._reuses += 1
        else:
            self._before, self._reuses = now, 0
        return is_still

    def forget(self) -> None:
        """Treat the next picture as new."""
        self._before = None


def thumbnail(pixels: Pixels) -> NDArray[np.float32]:
    """Return the mean luma of up to 36 x 64 cells, from 4 x 4 samples of each."""
    height, width, _ = pixels.shape
    rows = np.arange(THUMB_H * SAMPLES) * height // (THUMB_H * SAMPLES)
    columns = np.arange(THUMB_W * SAMPLES) * width // (THUMB_W * SAMPLES)
    samples = pixels[rows[:, None], columns].astype(np.float32)
    luma = samples @ np.array([0.299, 0.587, 0.114], np.float32)
    cells: NDArray[np.float32] = luma.reshape(THUMB_H, SAMPLES, THUMB_W, SAMPLES).mean(axis=(1, 3))
    return cells
