"""Reading a picture at places between its pixels."""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.temporal.cubic import fetch_cubic
from livecartoon.temporal.planes import Floats


def fetch(values: Floats, places: Floats, interpolation: int, out: Floats) -> None:
    """Fill `out` with `values` at `places` (h, w, 2), x and y; edges go on beyond the picture."""
    # OpenCV's stubs do not know that the second map may be None; an empty one reads wrong places.
    cv2.remap(  # type: ignore[call-overload]
        values, places, None, interpolation, dst=out, borderMode=cv2.BORDER_REPLICATE
    )


def fetch_planes(planes: Floats, flow: Floats, scratch: Floats) -> None:
    """Move `planes` (3, h, w) along `flow` (2, h, w) bicubically; values stay within 0..255.

    `scratch` (2, h, w, 3) is overwritten.
    """
    whole, moved = scratch
    cv2.merge(list(planes), dst=whole)
    height, width = whole.shape[:2]
    numbers = whole.reshape(height, 3 * width), moved.reshape(height, 3 * width)
    fetch_cubic(numbers[0], flow, np.float32(1), 0, numbers[1])
    for channel, plane in enumerate(planes):
        cv2.extractChannel(moved, channel, dst=plane)
