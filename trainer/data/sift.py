"""Which pictures are worth training on, and which part of them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
BAR_LUMA = 20
"""Rows and columns that are nowhere brighter are bars."""
DARKEST_MEAN, BRIGHTEST_MEAN, LEAST_SPREAD = 16.0, 245.0, 8.0
LEAST_DETAIL = 20.0
"""Variance of the Laplacian, levels squared."""
SAME_WITHIN = 6
"""Differing bits of 64 below which two pictures count as the same."""
REASONS = ("dark", "bright", "flat", "blurred", "duplicate", "unreadable")


def crop_bars(picture: Bytes) -> Bytes:
    """Cut black bars off the rim of RGB (H, W, 3); an all-black picture stays as it is."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    rows = np.flatnonzero(luma.max(1) >= BAR_LUMA)
    columns = np.flatnonzero(luma.max(0) >= BAR_LUMA)
    if not rows.size:
        return picture
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(picture[window])


def reason_to_drop(picture: Bytes) -> str | None:
    """Return why RGB (H, W, 3) teaches nothing, one of REASONS, or None where it does."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    mean, spread = float(luma.mean()), float(luma.std())
    if mean < DARKEST_MEAN:
        return "dark"
    if mean > BRIGHTEST_MEAN:
        return "bright"
    if spread < LEAST_SPREAD:
        return "flat"
    if float(cv2.Laplacian(luma, cv2.CV_64F).var()) < LEAST_DETAIL:
        return "blurred"
    return None


def difference_hash(picture: Bytes) -> int:
    """64 bits: whether each of 8x8 tiles is darker than its right neighbour."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    tiles = cv2.resize(luma, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    return int.from_bytes(np.packbits(tiles[:, 1:] > tiles[:, :-1]).tobytes(), "big")


class Duplicates:
    """Remembers the pictures that were kept: of a film the last one, of a folder all."""

    def __init__(self, *, only_last: bool) -> None:
        self._only_last = only_last
        self._kept: list[int] = []

    def __call__(self, picture: Bytes) -> bool:
        """Whether `picture` repeats a kept one; if not, it counts as kept."""
        mark = difference_hash(picture)
        if any((mark ^ other).bit_count() < SAME_WITHIN for other in self._kept):
            return True
        self._kept = [mark] if self._only_last else [*self._kept, mark]
        return False


def cut(picture: Bytes, side: int, count: int = 1, scale: float | None = None) -> list[Bytes]:
    """At most `count` squares of `side` from RGB (H, W, 3), the middle first.

    The shorter side is resized to `side`, by areas where it shrinks; with `scale` the picture is
    resized by that factor instead, but never below `side`. The aspect ratio always stays.
    """
    height, width, _ = picture.shape
    factor = max(side / min(height, width), scale or 0.0)
    sizes = [max(side, round(length * factor)) for length in (height, width)]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    if sizes != [height, width]:
        picture = np.asarray(cv2.resize(picture, sizes[::-1], interpolation=method), np.uint8)
    if count == 1:
        corners = [((sizes[0] - side) // 2, (sizes[1] - side) // 2)]
    else:
        corners = _corners(sizes[0], sizes[1], side)[:count]
    return [
        np.ascontiguousarray(picture[top : top + side, left : left + side]) for top, left in corners
    ]


def _corners(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """Windows of `side` spread evenly over the picture, nearest to its middle first."""
    tops, lefts = (
        np.linspace(0, length - side, max(1, round(length / side))).round().astype(int).tolist()
        for length in (height, width)
    )

    def off_centre(corner: tuple[int, int]) -> float:
        return abs(corner[0] - (height - side) / 2) + abs(corner[1] - (width - side) / 2)

    return sorted(((top, left) for top in tops for left in lefts), key=off_centre)
