"""Where the source really changed, as opposed to where it is only noisy."""

from __future__ import annotations

import math

import cv2
import numpy as np

from livecartoon.temporal.planes import Floats

SHUT, OPEN = 1.6, 3.2
"""Local RMS of the difference, in noise units, below which nothing and above which all moves."""
_SPREAD = 5
"""Working pixels over which it is taken: the reach of the generators."""
_CHROMA_WEIGHT = 0.8
_PEAK = 12.0
"""One pixel counts no more than this many noise units."""


class Gate:
    """Maps the difference of planes to 0 (still) .. 1 (moving) per working pixel.

    The mean of squares over 25 pixels acts like a chi-square test: far fewer false alarms than
    the largest of them.
    """

    def __init__(self, height: int, width: int, shut: float = SHUT, opened: float = OPEN) -> None:
        self._luma = np.empty((height, width), np.float32)
        self._chroma = np.empty_like(self._luma)
        self._level = np.empty((height, width), np.uint8)
        self._table, self._per_square = _smoothstep_of_squares(shut, opened)

    def fill(self, difference: Floats, luma: Floats, chroma: float, opening: Floats) -> None:
        """Write the gate of `difference` (3, h, w) into `opening` (h, w).

        `luma` (h, w) and `chroma` are the standard deviations of noise alone.
        """
        np.abs(difference[1], out=self._luma)
        np.abs(difference[2], out=self._chroma)
        np.maximum(self._luma, self._chroma, out=self._chroma)
        self._chroma *= _CHROMA_WEIGHT / chroma
        np.abs(difference[0], out=self._luma)
        self._luma /= luma
        np.maximum(self._luma, self._chroma, out=self._luma)
        np.minimum(self._luma, _PEAK, out=self._luma)
        cv2.sqrBoxFilter(self._luma, cv2.CV_32F, (_SPREAD, _SPREAD), dst=self._chroma)
        cv2.convertScaleAbs(self._chroma, dst=self._level, alpha=self._per_square)
        cv2.LUT(self._level, self._table, dst=opening)


def _smoothstep_of_squares(shut: float, opened: float) -> tuple[Floats, float]:
    """256 gate values over the mean square, and steps per unit; saves a root per pixel."""
    per_square = 255 / opened**2
    rms = np.sqrt(np.arange(256, dtype=np.float32) / per_square)
    t = np.clip((rms - shut) / (opened - shut), 0, 1)
    table = np.asarray(t * t * (3 - 2 * t), dtype=np.float32).reshape(1, 256)
    assert math.isclose(float(table[0, -1]), 1.0, abs_tol=1e-6)
    table[0, -1] = 1.0
    return table, per_square
