"""Frames to 4x4 blocks, outside of the compiled graph.

Moving runs of twelve bytes is what compilers for networks do worst: in a graph it costs as much
as a convolution.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

BLOCK = 4
CHANNELS = 3 * BLOCK**2
STRIDE = 2 * BLOCK
"""The network's sides are multiples of this."""
Plane = NDArray[np.float32]
FOUR_BYTES = np.uint32
"""Moved at once in copies of short runs."""


class Packer:
    """Brings frames of one size into the blocks that a student takes."""

    def __init__(self, width: int, height: int, reduction: int) -> None:
        """`reduction` is how many times smaller than the frames the network runs."""
        multiple = STRIDE * reduction
        self._width, self._height = width, height
        self.rows, self.columns = height + -height % multiple, width + -width % multiple
        self.small = self.rows // reduction, self.columns // reduction
        """(height, width) at which the network runs."""
        self._cells = self.small[0] // BLOCK, self.small[1] // BLOCK
        self.shape = 1, self._cells[0], self._cells[1] * CHANNELS
        """Of what `pack` returns."""
        self._blocks = np.empty(self.shape, np.uint8)
        self._means: Pixels | None = None

    def padded(self, photo: Pixels) -> Pixels:
        """Repeat the last row and column until the network's sides are multiples of 8."""
        photo = np.ascontiguousarray(photo)
        bottom, right = self.rows - self._height, self.columns - self._width
        if not bottom and not right:
            return photo
        padded = cv2.copyMakeBorder(photo, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
        return np.asarray(padded, np.uint8)

    def pack(self, padded: Pixels) -> NDArray[np.uint8]:
        """A padded photo at the network's size in rows of blocks (1, h, w*48); overwritten."""
        if self.small != padded.shape[:2]:
            padded = self._reduced(padded)
        rows, columns = self._cells
        lines = padded.reshape(rows, BLOCK, columns, 12).view(FOUR_BYTES)
        runs = self._blocks.reshape(rows, columns, BLOCK, 12).view(FOUR_BYTES)
        for row in range(BLOCK):
            for run in range(3):
                runs[:, :, row, run] = lines[:, row, :, run]
        return self._blocks

    def _reduced(self, padded: Pixels) -> Pixels:
        """The means of whole cells, rounded to whole levels, at the network's size."""
        size, side = self.small[::-1], self.rows // self.small[0]
        if side % 2 == 0:
            return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)
        # Odd cells have no halves to round; all running means of them take OpenCV less time.
        if self._means is None:
            self._means = np.empty_like(padded)
        cv2.boxFilter(padded, -1, (side, side), dst=self._means, anchor=(0, 0))
        first = cv2.resize(self._means, size, interpolation=cv2.INTER_NEAREST)
        return np.asarray(first, np.uint8)

    def cropped(self, picture: Pixels) -> Pixels:
        """What is left of a picture without the padding."""
        return np.ascontiguousarray(picture[: self._height, : self._width])
