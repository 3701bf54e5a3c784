"""Kinds of arrays the metrics speak of, and the few steps between them that all of them share."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]
Mask = NDArray[np.bool_]
LUMA = (0.299, 0.587, 0.114)


def luma(picture: Bytes | Doubles) -> Doubles:
    """BT.601 luma of (H, W, 3) RGB in any range, in that range."""
    return np.asarray(np.asarray(picture, dtype=np.float64) @ np.array(LUMA))


def lab(picture: Bytes) -> Doubles:
    """CIE L*a*b* (D65) of a uint8 sRGB picture (H, W, 3), computed in float: L* in 0..100."""
    unit = picture.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2Lab), dtype=np.float64)


def slopes(plane: Doubles) -> tuple[Doubles, Doubles]:
    """Derivatives of a plane along x and y by Sobel 3x3 / 8, in its units per pixel."""
    across, down = (cv2.Sobel(plane, cv2.CV_64F, dx, 1 - dx, scale=1 / 8) for dx in (1, 0))
    return np.asarray(across, dtype=np.float64), np.asarray(down, dtype=np.float64)


def gradient(plane: Doubles) -> Doubles:
    """Length of the slope of a plane in its units per pixel."""
    return np.asarray(np.hypot(*slopes(plane)))
