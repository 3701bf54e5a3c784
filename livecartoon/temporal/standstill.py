"""Where a frame brings nothing new: repeated frames, and blocks that a codec left as they were."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.temporal.planes import Floats

_UNCHANGED = 0.12
"""Levels; one step of one 8-bit pixel in a cell makes 0.11."""
_NEAR = 2
"""Levels by which the shown picture may miss the drawn one and still be left alone."""
_COMMON = 0.01
"""Share of the pixels that are left alone, on average, in a source whose steps are a codec's."""
_AVERAGED = 0.1
"""Weight of the newest frame in that average."""
_REACH = np.ones((7, 7), np.uint8)
"""Working pixels around a change in which the style may draw otherwise."""


class Standstill:
    """Marks the working pixels whose source has not changed at all since the last frame.

    What is drawn there has been seen already. To go on moving the mean towards it would show
    every step of a codec in many small ones: no steadier, and moving while the source stands.
    """

    def __init__(self, height: int, width: int) -> None:
        self._difference, self._largest = np.empty((2, height, width), np.float32)
        self._changed, self._wide, self._plane = np.empty((3, height, width), np.uint8)
        self._shown, self._drawn = np.empty((2, height, width, 3), np.uint8)
        self.unchanged: NDArray[np.bool_] = np.zeros((height, width), np.bool_)
        """Where nothing near has changed."""
        self._share = 0.0

    @property
    def is_common(self) -> bool:
        """Whether the source often leaves something as it was; one with a camera's noise never."""
        return self._share > _COMMON

    def look(self, now: Floats, before: Floats) -> None:
        """Find what is unchanged between two frames of planes (3, h, w)."""
        cv2.absdiff(now[0], before[0], dst=self._largest)
        for plane, last in zip(now[1:], before[1:], strict=True):
            cv2.absdiff(plane, last, dst=self._difference)
            cv2.max(self._largest, self._difference, dst=self._largest)
        np.greater(self._largest, _UNCHANGED, out=self._changed.view(np.bool_))
        cv2.dilate(self._changed, _REACH, dst=self._wide)
        np.equal(self._wide, 0, out=self.unchanged)
        self._share += _AVERAGED * (float(self.unchanged.mean()) - self._share)

    def settled(self, styled: Pixels) -> NDArray[np.bool_] | None:
        """Return where nothing is new, (h, w), or None = nowhere; overwritten by the next call.

        Not where the shown picture is still far from the drawn one: a style may change by itself.
        """
        if not self.unchanged.any():
            return None
        height, width = self._changed.shape
        cv2.resize(styled, (width, height), dst=self._drawn, interpolation=cv2.INTER_NEAREST)
        cv2.absdiff(self._drawn, self._shown, dst=self._drawn)
        settled = self._changed.view(np.bool_)
        np.copyto(settled, self.unchanged)
        for channel in range(3):
            cv2.extractChannel(self._drawn, channel, dst=self._plane)
            settled &= self._plane <= _NEAR
        return settled

    def remember(self, shown: Pixels) -> None:
        """Keep what was shown, for the next call of `settled`."""
        height, width = self._changed.shape
        cv2.resize(shown, (width, height), dst=self._shown, interpolation=cv2.INTER_NEAREST)
