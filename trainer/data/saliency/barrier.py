"""Minimum barrier distance to the picture's border (Zhang et al., ICCV 2015)."""

from __future__ import annotations

import numpy as np

from trainer.data.saliency.planes import Array, to_unit

PASSES = 3
STRIP = 0.1
"""Width of a border strip as a share of the side (their section 3.3)."""
CONTRAST = 10.0
OUTSIDE = np.float32(1e9)
"""A distance no path has: of pixels not reached yet and of those outside the picture."""
SINGULAR = 1.0
"""Added to the covariance's diagonal, Lab units squared: a flat strip has none of its own."""


def barrier_saliency(lab: Array) -> Array:
    """Saliency in 0..1 of Lab (H, W, 3): barrier distance plus unlikeness to the border."""
    distance = barrier_distance(np.moveaxis(lab, -1, 0)).sum(0)
    both = to_unit(to_unit(np.asarray(distance, np.float32)) + to_unit(_backgroundness(lab)))
    return np.asarray(1 / (1 + np.exp(-CONTRAST * (both - 0.5))), dtype=np.float32)


def barrier_distance(planes: Array, passes: int = PASSES) -> Array:
    """Least max - min along a path from each pixel of (C, H, W) to the border, per channel.

    Alternating raster passes as in their algorithm 1. A pixel takes from the one above and the
    one to the left, which lie on the diagonal before its own: whole diagonals are done at once,
    with the same result.
    """
    values = _skew(planes)
    seeds = np.zeros(planes.shape[1:], np.float32)
    seeds[1:-1, 1:-1] = OUTSIDE
    state = [_skew(np.broadcast_to(seeds, planes.shape)), values.copy(), values.copy()]
    for number in range(passes):
        _sweep(values, *state, is_forward=number % 2 == 0)
    return _unskew(state[0], planes.shape[1], planes.shape[2])


def _sweep(values: Array, distance: Array, high: Array, low: Array, *, is_forward: bool) -> None:
    """One raster pass over skewed planes (C, diagonals, H), in place."""
    count = values.shape[1]
    order = range(1, count) if is_forward else range(count - 2, -1, -1)
    step = -1 if is_forward else 1
    for diagonal in order:
        before = diagonal + step
        # On the neighbouring diagonal the horizontal neighbour has the same row.
        _take(values[:, diagonal], before, diagonal, distance, high, low, 0)
        _take(values[:, diagonal], before, diagonal, distance, high, low, step)


def _take(
    value: Array, source: int, target: int, distance: Array, high: Array, low: Array, rows: int
) -> None:
    """Offer the paths of diagonal `source`, moved by `rows`, to diagonal `target`."""
    height = value.shape[1]
    to = np.s_[max(0, -rows) : height - max(0, rows)]
    of = np.s_[max(0, rows) : height - max(0, -rows)]
    top = np.maximum(high[:, source, of], value[:, to])
    bottom = np.minimum(low[:, source, of], value[:, to])
    # Outside the picture no path comes from anywhere, and its filler values mean nothing.
    offered = top - bottom
    is_better = (offered < distance[:, target, to]) & (distance[:, source, of] < OUTSIDE)
    np.copyto(distance[:, target, to], offered, where=is_better)
    np.copyto(high[:, target, to], top, where=is_better)
    np.copyto(low[:, target, to], bottom, where=is_better)


def _skew(planes: Array) -> Array:
    """(C, H, W) as (C, H + W - 1, H): pixel (y, x) stands at (x + y, y), OUTSIDE elsewhere."""
    channels, height, width = planes.shape
    skewed = np.full((channels, height + width - 1, height), OUTSIDE, np.float32)
    rows, columns = np.mgrid[:height, :width]
    skewed[:, rows + columns, rows] = planes
    return skewed


def _unskew(skewed: Array, height: int, width: int) -> Array:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(skewed[:, rows + columns, rows], dtype=np.float32)


def _backgroundness(lab: Array) -> Array:
    """Mahalanobis distance to four border strips; the farthest strip may be the object's."""
    height, width, _ = lab.shape
    tall, wide = max(1, round(STRIP * height)), max(1, round(STRIP * width))
    strips = (lab[:tall], lab[-tall:], lab[:, :wide], lab[:, -wide:])
    maps = []
    for strip in strips:
        colours = strip.reshape(-1, 3).astype(np.float64)
        spread = np.cov(colours, rowvar=False) + SINGULAR * np.eye(3)
        away = lab.reshape(-1, 3) - colours.mean(0)
        squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(spread), away)
        far = np.sqrt(squared).reshape(height, width)
        maps.append(far / max(float(far.max()), 1e-9))
    stacked = np.stack(maps)
    return np.asarray(stacked.sum(0) - stacked.max(0), dtype=np.float32)
