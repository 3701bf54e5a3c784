"""Whether the camera itself moves, told from a tiny picture a few times a second."""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.temporal.planes import Floats

_WIDTH = 160
"""At most; never more than half of the working picture, whose noise is thus halved again."""
_LEAST_SIDE = 24
"""Smaller pictures give the search nothing to hold on to."""
_PACE_S = 0.09
"""Motion is measured over about that long: a hand's tremor adds up, noise does not."""
_MOVES, _RESTS = 0.17, 0.085
"""Tiny pixels in that time which half of the detail must exceed, or stay below; the noise of a
bad webcam alone gives 0.025, a hand that tries to hold still 0.26."""
_CALM_S = 1.0
"""A hand holds still at every turning point: only so long a rest means a tripod."""
_DETAIL = 3.0
"""Levels per pixel of slope that motion can be read from."""
_LEAST_DETAIL = 0.02
"""Share of the picture; with less, nothing is decided."""


class CameraWatch:
    """Decides between a resting and a moving camera, with hysteresis.

    The camera moves when most of what has detail does: a person before a still wall is no
    camera's motion, a face that fills the picture counts as one and is treated as well by it.
    """

    def __init__(self, height: int, width: int) -> None:
        columns = max(1, min(_WIDTH, width // 2))
        self._size = columns, max(1, round(height * columns / width))
        self._is_able = min(self._size) >= _LEAST_SIDE
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._small = np.empty(self._size[::-1], np.float32)
        self._now, self._then = np.empty((2, *self._size[::-1]), np.uint8)
        self._flow: Floats = np.zeros((*self._size[::-1], 2), np.float32)
        self._waited_s = 0.0
        self._calm_s = 0.0
        self.is_moving = False

    def restart(self, luma: Floats) -> None:
        """Begin anew after a break; what was decided stands until motion says otherwise."""
        if self._is_able:
            self._reduce(luma)
            self._now, self._then = self._then, self._now
        self._waited_s = self._calm_s = 0.0

    def step(self, luma: Floats, elapsed_s: float) -> bool:
        """Take in luma (h, w) `elapsed_s` after the last; return whether the camera moves."""
        self._waited_s += elapsed_s
        if not self._is_able or self._waited_s < _PACE_S:
            return self.is_moving
        self._reduce(luma)
        speed = self._speed() * _PACE_S / self._waited_s
        self._calm_s = self._calm_s + self._waited_s if speed < _RESTS else 0.0
        if speed > _MOVES:
            self.is_moving = True
        elif self._calm_s >= _CALM_S:
            self.is_moving = False
        self._now, self._then = self._then, self._now
        self._waited_s = 0.0
        return self.is_moving

    def _reduce(self, luma: Floats) -> None:
        cv2.resize(luma, self._size, dst=self._small, interpolation=cv2.INTER_AREA)
        cv2.convertScaleAbs(self._small, dst=self._now)

    def _speed(self) -> float:
        """Median motion of the detail since the last look, in tiny pixels."""
        slope = cv2.magnitude(
            cv2.Sobel(self._small, cv2.CV_32F, 1, 0, scale=1 / 8),
            cv2.Sobel(self._small, cv2.CV_32F, 0, 1, scale=1 / 8),
        )
        has_detail = np.asarray(slope > _DETAIL)
        if has_detail.mean() < _LEAST_DETAIL:
            return 0.0
        self._search.calc(self._now, self._then, self._flow)
        length = np.hypot(self._flow[..., 0], self._flow[..., 1])
        return float(np.median(length[has_detail]))
