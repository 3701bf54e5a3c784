"""Reading a picture at places between its pixels."""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.temporal.planes import Floats

_NO_SECOND_MAP = np.empty((0, 0), np.float32)


def fetch(values: Floats, places: Floats, interpolation: int, out: Floats) -> None:
    """Fill `out` with `values` at `places` (h, w, 2), x and y; edges go on beyond the picture."""
    cv2.remap(
        values,
        places,
        _NO_SECOND_MAP,
        interpolation,
        dst=out,
        borderMode=cv2.BORDER_REPLICATE,
    )
