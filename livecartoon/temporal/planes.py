"""The reduced, smoothed source picture on which all decisions are made."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

Floats: TypeAlias = NDArray[np.float32]

MAX_WORK_PIXELS = 640 * 360
"""More than this many pixels never decide: at 4K the gate costs what it costs at 720p."""


def work_divisor(height: int, width: int) -> int:
    """How many times smaller the working picture is: 2, or more for frames beyond 720p."""
    if min(height, width) < 2:
        return 1
    divisor = 2
    while (width // divisor) * (height // divisor) > MAX_WORK_PIXELS:
        divisor += 1
    return divisor


class Planes:
    """Turns a frame into float32 Y, Cr, Cb planes (3, h, w), reduced by a whole number.

    Area reduction and a 3x3 box leave about a quarter of the sensor noise. The right and bottom
    pixels that do not fill a cell are left out: a fractional ratio would take five times longer.
    """

    def __init__(self, height: int, width: int) -> None:
        self.divisor = work_divisor(height, width)
        self.height, self.width = height // self.divisor, width // self.divisor
        self._small = np.empty((self.height, self.width, 3), np.uint8)
        self._plane = np.empty((self.height, self.width), np.uint8)

    def fill(self, source: Pixels, planes: Floats) -> None:
        """Write the planes of `source` into `planes`."""
        whole = source[: self.height * self.divisor, : self.width * self.divisor]
        cv2.resize(whole, (self.width, self.height), dst=self._small, interpolation=cv2.INTER_AREA)
        cv2.cvtColor(self._small, cv2.COLOR_RGB2YCrCb, dst=self._small)
        for channel in range(3):
            cv2.extractChannel(self._small, channel, dst=self._plane)
            cv2.boxFilter(self._plane, cv2.CV_32F, (3, 3), dst=planes[channel])
