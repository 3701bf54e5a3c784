"""OKLab, the colour space all target colours are computed in (B. Ottosson, 2020)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.targets.planes import Array, brightest_channel, darkest_channel

_RGB_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_CONES_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_CONES_TO_RGB = np.linalg.inv(_RGB_TO_CONES)
_LAB_TO_CONES = np.linalg.inv(_CONES_TO_LAB)
# A quarter of an 8-bit level in the darks: rounding noise must not count as out of gamut.
_GAMUT_SLACK = 0.004
_GAMUT_STEPS = 7


def rgb_to_oklab(rgb: Array) -> Array:
    """OKLab of sRGB in 0..1: lightness 0..1, then a and b, roughly -0.4..0.4."""
    light = np.clip(rgb, 0, 1)
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(_transform(linear, _RGB_TO_CONES))
    return _transform(cones, _CONES_TO_LAB)


def oklab_to_rgb(lab: Array) -> Array:
    """SRGB in 0..1 of an OKLab picture; a colour outside the gamut loses chroma, not hue."""
    linear = _oklab_to_linear(lab)
    outside = ~_in_gamut(linear)
    if outside.any():
        linear[outside] = _oklab_to_linear(_reduce_chroma(lab[outside][None]))[0]
    linear = np.clip(linear, 0, 1)
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, curved), dtype=np.float32)


def chroma_and_hue(lab: Array) -> tuple[Array, Array]:
    """OKLCh chroma and hue (degrees, 0..360) of an OKLab picture."""
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return chroma, np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360


def _transform(picture: Array, matrix: Array) -> Array:
    return np.asarray(cv2.transform(picture.astype(np.float32), matrix), dtype=np.float32)


def _oklab_to_linear(lab: Array) -> Array:
    cones = _transform(lab, _LAB_TO_CONES)
    return _transform(cones * cones * cones, _CONES_TO_RGB)


def _in_gamut(linear: Array) -> NDArray[np.bool_]:
    bright_enough = darkest_channel(linear) >= -_GAMUT_SLACK
    return bright_enough & (brightest_channel(linear) <= 1 + _GAMUT_SLACK)


def _reduce_chroma(lab: Array) -> Array:
    """The same lightness and hue with the largest chroma that fits, found by bisection."""
    mapped = lab.copy()
    mapped[..., 0] = np.clip(lab[..., 0], 0, 1)
    low, high = np.zeros_like(mapped[..., :1]), np.ones_like(mapped[..., :1])
    for _ in range(_GAMUT_STEPS):
        middle = (low + high) / 2
        trial = mapped.copy()
        trial[..., 1:] *= middle
        fits = _in_gamut(_oklab_to_linear(trial))[..., None]
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    mapped[..., 1:] *= low
    return mapped
