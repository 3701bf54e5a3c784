"""What both saliency methods measure in: CIE Lab, and maps stretched to 0..1."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
FLAT = 1e-6
"""A map that varies less holds rounding errors only."""


def to_lab(picture: NDArray[np.uint8]) -> Array:
    """CIE Lab float32 (H, W, 3), L in 0..100, of uint8 RGB."""
    unit = picture.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), dtype=np.float32)


def to_unit(values: Array) -> Array:
    """Stretch linearly to 0..1; a constant map becomes 0."""
    low, high = float(values.min()), float(values.max())
    if high - low < FLAT:
        return np.zeros_like(values)
    return np.asarray((values - low) / (high - low), dtype=np.float32)
