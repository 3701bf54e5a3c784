"""Where each pixel of the working picture was one frame ago."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.temporal.fetch import fetch
from livecartoon.temporal.planes import Floats

_MIN_SIDE = 16
"""Smaller pictures give the flow nothing to hold on to."""
_REST_MARGIN = 0.35
"""Noise units that motion must explain better than rest to be believed."""
_WINDOW = (7, 7)


class Motion:
    """Dense inverse search, from now to before: gives the place to fetch from directly.

    No motion wins where it explains the picture as well: else the still background beside a
    moving object is dragged along. Its finest preset buys nothing over the fastest here.
    """

    def __init__(self, height: int, width: int) -> None:
        self._is_able = min(height, width) >= _MIN_SIDE
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._now, self._before = np.zeros((2, height, width), np.uint8)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._grid = np.stack([x, y], axis=-1)
        self._moved = np.empty((height, width), np.float32)
        self._kernel = np.ones((5, 5), np.uint8)
        self.flow: Floats = np.zeros((height, width, 2), np.float32)
        """Where each pixel was, relative to where it is."""
        self.places = self._grid.copy()
        """The same, absolute."""

    def remember(self, luma: Floats) -> None:
        """Keep luma (h, w) as the frame before the next."""
        cv2.convertScaleAbs(luma, dst=self._before)

    def find(self, luma: Floats, before: Floats, noise: float) -> bool:
        """Fill `flow` and `places` from two luma planes (h, w); False = nothing moves."""
        if not self._is_able:
            return False
        cv2.convertScaleAbs(luma, dst=self._now)
        self._search.calc(self._now, self._before, self.flow)
        self._now, self._before = self._before, self._now
        is_moving = self._is_moving(luma, before, noise)
        if not is_moving.any():
            return False
        spread = cv2.dilate(is_moving.astype(np.float32), self._kernel)
        self.flow *= cv2.boxFilter(spread, -1, (5, 5))[..., None]
        np.add(self._grid, self.flow, out=self.places)
        return True

    def outside(self) -> NDArray[np.bool_]:
        """Return the pixels (h, w) that were not in the picture."""
        height, width = self._grid.shape[:2]
        x, y = self.places[..., 0], self.places[..., 1]
        inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        return np.asarray(~inside, dtype=np.bool_)

    def _is_moving(self, luma: Floats, before: Floats, noise: float) -> NDArray[np.bool_]:
        np.add(self._grid, self.flow, out=self.places)
        fetch(before, self.places, cv2.INTER_LINEAR, self._moved)
        with_motion = cv2.boxFilter(cv2.absdiff(luma, self._moved), -1, _WINDOW)
        at_rest = cv2.boxFilter(cv2.absdiff(luma, before), -1, _WINDOW)
        return np.asarray(at_rest > with_motion + _REST_MARGIN * noise, dtype=np.bool_)
