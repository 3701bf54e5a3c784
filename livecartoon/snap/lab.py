"""CIE Lab of sRGB levels and back, white D65, in NumPy: the frame path has no OpenCV here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
WHITE = np.array([0.950456, 1.0, 1.088754], np.float32)
TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ],
    np.float32,
)
_CUBE = 6 / 29
_LEVELS = np.arange(256) / 255
#: sRGB level -> linear light, 0..1.
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)


def rgb_to_lab(rgb: NDArray[np.uint8]) -> Floats:
    """Lab (..., 3), L in 0..100, of uint8 RGB (..., 3)."""
    x, y, z = np.moveaxis(_bend(LINEAR[rgb] @ TO_XYZ.T / WHITE), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def lightness(rgb: NDArray[np.uint8]) -> Floats:
    """L* in 0..100 of uint8 RGB (..., 3)."""
    # Table products per channel: a third of the cost of the matrix.
    red, green, blue = ((LINEAR * weight)[rgb[..., c]] for c, weight in enumerate(TO_XYZ[1]))
    return np.asarray(116 * _bend(red + green + blue) - 16, dtype=np.float32)


def lab_to_rgb(lab: Floats) -> NDArray[np.uint8]:
    """Nearest uint8 RGB (..., 3) of Lab (..., 3); what sRGB lacks is clipped."""
    y = (lab[..., 0] + 16) / 116
    bent = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = WHITE * np.where(bent > _CUBE, bent**3, 3 * _CUBE**2 * (bent - 4 / 29))
    light = np.clip(xyz @ np.linalg.inv(TO_XYZ).T, 0, 1)
    levels = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * levels), dtype=np.uint8)


def _bend(light: Floats) -> Floats:
    straight = light / (3 * _CUBE**2) + 4 / 29
    return np.asarray(np.where(light > _CUBE**3, np.cbrt(light), straight), dtype=np.float32)
