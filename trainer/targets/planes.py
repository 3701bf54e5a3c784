"""The smallest operations on float32 pictures that every stage of the target pipeline shares."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

# A plane is (H, W), a picture (H, W, 3); always float32, the stubs of numpy only say "floating".
Array = NDArray[np.floating[Any]]

REFERENCE_LINES = 480  # every radius and sigma of a style is meant for this picture height
_WIDE_SIGMA = 6.0


def relative_scale(picture: Array) -> float:
    """How large the picture is compared with the one the styles are written for (1 = 480 lines)."""
    lines: int = min(picture.shape[:2])
    return lines / REFERENCE_LINES


def pixels(length: float, scale: float) -> int:
    """A length at 480 lines as a whole number of pixels, at least 1."""
    return max(1, round(length * scale))


def smoothstep(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth ramp between."""
    ramp: Array = np.clip((values - low) * (1.0 / (high - low)), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def mix(first: Array, second: Array, weight: Array) -> Array:
    """`first` where the (H, W) weight is 0, `second` where it is 1."""
    return first + weight[..., None] * (second - first)


def luminance(rgb: Array) -> Array:
    """Rec. 601 luma of an RGB picture, (H, W) in 0..1."""
    return _float32(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def darkest_channel(picture: Array) -> Array:
    """Per-pixel minimum of the three channels, (H, W); 20 times faster than `min(-1)`."""
    return np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2])


def brightest_channel(picture: Array) -> Array:
    """Per-pixel maximum of the three channels, (H, W)."""
    return np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2])


def gaussian(values: Array, sigma: float) -> Array:
    """Gaussian blur; a wide one is computed on a shrunken picture, where it looks the same."""
    if sigma < _WIDE_SIGMA:
        return _float32(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))
    h, w = values.shape[:2]
    factor = int(sigma / (_WIDE_SIGMA / 2))
    small = cv2.resize(values, (-(-w // factor), -(-h // factor)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / factor, borderType=cv2.BORDER_REFLECT_101)
    return _float32(cv2.resize(blurred, (w, h), interpolation=cv2.INTER_CUBIC))


def sobel_magnitude(plane: Array) -> Array:
    """Gradient length of a plane in Sobel units: a ramp of s per pixel gives 8 s."""
    return np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1))


def clamp_to_neighbours(values: Array, reference: Array, radius: int = 1) -> Array:
    """Keep `values` inside the local range of `reference`, so that no halo can appear."""
    window = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    return _float32(np.clip(values, cv2.erode(reference, window), cv2.dilate(reference, window)))


def pixel_grid(h: int, w: int) -> Array:
    """The (H, W, 2) positions (x, y) of all pixels, as `sample` wants them."""
    grid = np.empty((h, w, 2), np.float32)
    grid[..., 0] = np.arange(w, dtype=np.float32)
    grid[..., 1] = np.arange(h, dtype=np.float32)[:, None]
    return grid


def sample(values: Array, positions: Array) -> Array:
    """`values` read at fractional (x, y) positions, mirrored beyond the border."""
    # An empty second map instead of None would satisfy the stubs, but OpenCV 5.0 hangs on it.
    there = cv2.remap(  # type: ignore[call-overload]  # None is allowed, the stubs forgot it
        values, positions, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return _float32(there)


def _float32(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float32)
