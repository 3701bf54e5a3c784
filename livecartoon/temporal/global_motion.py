"""What the camera does to the whole picture: one similarity through a dense flow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.temporal.planes import Floats

_SAMPLES = 2000
"""Of the flow, at most: of twice as many on a grid the half with the more detail."""
_LEAST_SAMPLES = 40
_DETAIL = 2.0
"""Levels per pixel of slope that motion can be read from."""
_ROUNDS = 6
_SPREAD = 0.1
"""Pixels within which a sample counts almost in full, at least."""
_AGREES = 0.3
"""Pixels by which a sample may be off and still follow the camera."""
_LEAST_SHARE = 0.5
"""Of the samples that must: a picture with more parts than that has no motion of its own."""
_STILL = 0.12
"""Pixels below which the camera rests: the fit's own noise, of a small and noisy picture."""


class GlobalMotion:
    """Fits turn, zoom and shift by weighted least squares; what moves otherwise loses its weight.

    Pixels are counted from the middle, where the four numbers are told apart best.
    """

    def __init__(self, height: int, width: int) -> None:
        step = max(1, round((height * width / (2 * _SAMPLES)) ** 0.5))
        self._rows, self._columns = slice(step // 2, None, step), slice(step // 2, None, step)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._x, self._y = x - np.float32(width / 2), y - np.float32(height / 2)
        self._corner = np.hypot(width, height) / 2
        self._slopes = np.empty((2, height, width), np.float32)
        self.flow: Floats = np.zeros((height, width, 2), np.float32)
        """What the last fit says of every pixel."""

    def fit(self, flow: Floats, luma: Floats) -> bool:
        """Fill `flow` from a dense one (h, w, 2) of a picture (h, w); False = the camera rests,
        or does nothing that most of the picture follows.
        """
        found = self._similarity(*self._samples(flow, luma))
        if found is None:
            return False
        zoom, turn, right, down = found
        if 0.5 * np.hypot(zoom, turn) * self._corner + np.hypot(right, down) < _STILL:
            return False
        # The slopes are no longer needed.
        cv2.addWeighted(self._x, zoom, self._y, -turn, right, dst=self._slopes[0])
        cv2.addWeighted(self._x, turn, self._y, zoom, down, dst=self._slopes[1])
        cv2.merge(list(self._slopes), dst=self.flow)
        return True

    def _samples(self, flow: Floats, luma: Floats) -> tuple[Floats, Floats, Floats]:
        """x, y and motion (2, n) of the samples with the most detail."""
        for slope, (dx, dy) in zip(self._slopes, ((1, 0), (0, 1)), strict=True):
            cv2.Sobel(luma, cv2.CV_32F, dx, dy, dst=slope, scale=1 / 8)
        place = self._rows, self._columns
        detail = np.hypot(self._slopes[0][place], self._slopes[1][place])
        chosen = detail > max(_DETAIL, float(np.median(detail)))
        motion = flow[place][chosen].T.astype(np.float64)
        return self._x[place][chosen], self._y[place][chosen], motion

    @staticmethod
    def _similarity(x: Floats, y: Floats, motion: Floats) -> NDArray[np.float64] | None:
        """Zoom, turn, shift to the right and down; None if less than half of it agrees."""
        if len(x) < _LEAST_SAMPLES:
            return None
        none, one = np.zeros_like(x), np.ones_like(x)
        terms = np.array([[x, -y, one, none], [y, x, none, one]], np.float64)
        found = np.array([0.0, 0.0, *np.median(motion, axis=1)])
        for _ in range(_ROUNDS):
            off = np.hypot(*(motion - np.einsum("ctn,t->cn", terms, found)))
            spread = max(_SPREAD, 1.5 * float(np.median(off)))
            weight = 1 / (1 + (off / spread) ** 2) ** 2
            weighted = terms * weight
            matrix = np.einsum("cin,cjn->ij", weighted, terms)
            found = np.linalg.solve(matrix, np.einsum("cin,cn->i", weighted, motion))
        off = np.hypot(*(motion - np.einsum("ctn,t->cn", terms, found)))
        return found if float((off < _AGREES).mean()) >= _LEAST_SHARE else None
