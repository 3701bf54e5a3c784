"""A colour table on a CPU: one look-up with interpolation a pixel, by OpenCV.

A table of three axes is laid out as one picture: a slice for every fourth level of blue, beside
each other, red along a slice, green down. Then one `remap` interpolates red and green, and blue
is off by half a slice at most: two levels where a table is steep, 0.3 in the mean.
"""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.backends.blocks import Plane
from livecartoon.models.cube import Lattice

SLICES = 64


class ColourTable:
    """Grades strips of one width; not for two threads at once."""

    def __init__(self, lattice: Lattice, rows: int, columns: int) -> None:
        """For strips of up to `rows` x `columns` pixels."""
        nodes = len(lattice)
        places = np.linspace(0, nodes - 1, SLICES)
        low = np.minimum(places.astype(int), nodes - 2)
        share = (places - low)[:, None, None, None]
        slices = 255 * (lattice[low] * (1 - share) + lattice[low + 1] * share)
        atlas = slices.transpose(1, 0, 2, 3).reshape(nodes, SLICES * nodes, 3)
        self._atlas = np.ascontiguousarray(atlas, np.float32)
        self._nodes = np.float32(nodes)
        self._step = (nodes - 1) / 255
        self._x, self._y = np.empty((2, rows, columns), np.float32)

    def __call__(self, strip: Plane) -> None:
        """Replace the colours of a strip (h, w, 3) float32 in levels 0..255."""
        x, y = self._x[: len(strip)], self._y[: len(strip)]
        red, green, blue = cv2.split(strip)
        np.multiply(green, np.float32(self._step), out=y)
        slices = cv2.convertScaleAbs(blue, alpha=(SLICES - 1) / 255)
        np.multiply(slices, self._nodes, out=x)
        cv2.scaleAdd(red, self._step, x, dst=x)
        cv2.remap(self._atlas, x, y, cv2.INTER_LINEAR, dst=strip)
