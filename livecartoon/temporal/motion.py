"""Where each pixel of the working picture was one frame ago."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.temporal.fetch import fetch
from livecartoon.temporal.global_motion import GlobalMotion
from livecartoon.temporal.planes import Floats

_MIN_SIDE = 16
"""Smaller pictures give the flow nothing to hold on to."""
_REST_MARGIN = 0.35
"""Noise units that motion must explain better than rest to be believed."""
_WINDOW = (7, 7)


class Search(Protocol):
    """What finds a motion; OpenCV's own objects are some."""

    def calc(self, now: Pixels, before: Pixels, flow: Floats) -> object:
        """Fill `flow` (h, w, 2), from `now` to `before`, from luma (h, w) in 8 bit."""
        ...


class Motion:
    """Dense inverse search, from now to before: gives the place to fetch from directly.

    No motion wins where it explains the picture as well: else the still background beside a
    moving object is dragged along. Its finest preset buys nothing over the fastest here.
    """

    def __init__(self, height: int, width: int, card: str | None = None) -> None:
        self._is_able = min(height, width) >= _MIN_SIDE
        self._search = _open_search(card)
        self._now, self._before = np.zeros((2, height, width), np.uint8)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._grid = np.stack([x, y], axis=-1)
        self._moved, self._rest, self._error, self._mask = np.empty((4, height, width), np.float32)
        self._outside = np.empty((height, width), np.bool_)
        self._inside = np.empty((height, width), np.uint8)
        self._both = np.empty((height, width, 2), np.float32)
        self._kernel = np.ones((5, 5), np.uint8)
        self._camera = GlobalMotion(height, width)
        self.flow: Floats = np.zeros((height, width, 2), np.float32)
        """Where each pixel was, relative to where it is."""
        self.places = self._grid.copy()
        """The same, absolute."""
        self.parts = np.zeros((2, height, width), np.float32)
        """The same as `flow`, x and y apart."""

    def remember(self, luma: Floats) -> None:
        """Keep luma (h, w) as the frame before the next."""
        cv2.convertScaleAbs(luma, dst=self._before)

    def find(self, luma: Floats, before: Floats, noise: float, resting: NDArray[np.bool_]) -> bool:
        """Fill `flow`, `places` and `parts` from two luma planes (h, w); False = nothing moves.

        Nor does what is `resting` (h, w) for certain, whatever moves beside it: a codec leaves
        flat parts of a moving picture where they were.
        """
        if not self._is_able:
            return False
        cv2.convertScaleAbs(luma, dst=self._now)
        self._search.calc(self._now, self._before, self.flow)
        self._now, self._before = self._before, self._now
        moves = self._camera.fit(self.flow, luma)
        self._mark_moving(luma, before, noise, moves)
        if not moves and not self._mask.any():
            return False
        cv2.dilate(self._mask, self._kernel, dst=self._moved)
        cv2.boxFilter(self._moved, -1, (5, 5), dst=self._mask)
        cv2.merge([self._mask, self._mask], dst=self._both)
        if moves:
            cv2.subtract(self.flow, self._camera.flow, dst=self.flow)
        cv2.multiply(self.flow, self._both, dst=self.flow)
        if moves:
            cv2.add(self.flow, self._camera.flow, dst=self.flow)
        self.flow[resting] = 0
        np.add(self._grid, self.flow, out=self.places)
        for number, part in enumerate(self.parts):
            cv2.extractChannel(self.flow, number, dst=part)
        return True

    def outside(self) -> NDArray[np.bool_]:
        """Return the pixels (h, w) that were not in the picture; overwritten by the next call."""
        height, width = self._outside.shape
        last = width - 1, height - 1
        inside = cv2.inRange(self.places, (0, 0), last, dst=self._inside)
        return np.equal(inside, 0, out=self._outside)

    def _mark_moving(self, luma: Floats, before: Floats, noise: float, moves: bool) -> None:
        """Write 1 into the mask where a motion of its own explains the picture, 0 where the
        camera's does as well, or rest if the camera rests.
        """
        usual = before
        if moves:
            np.add(self._grid, self._camera.flow, out=self.places)
            fetch(before, self.places, cv2.INTER_LINEAR, self._rest)
            usual = self._rest
        np.add(self._grid, self.flow, out=self.places)
        fetch(before, self.places, cv2.INTER_LINEAR, self._moved)
        for other, error in ((self._moved, self._moved), (usual, self._rest)):
            cv2.absdiff(luma, other, dst=self._error)
            cv2.boxFilter(self._error, -1, _WINDOW, dst=error)
        self._moved += _REST_MARGIN * noise
        np.greater(self._rest, self._moved, out=self._mask)


def _open_search(card: str | None) -> Search:
    if card is None:
        return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    from livecartoon.temporal.card.search import CardSearch  # torch: only where a card draws

    return CardSearch(card)
