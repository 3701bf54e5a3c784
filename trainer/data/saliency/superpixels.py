"""Superpixels: a picture as a few hundred even patches (SLIC, Achanta et al. 2012)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.saliency.planes import Array

Labels = NDArray[np.int64]
ROUNDS = 8
WORKING_SIDE = 128
"""Pixels of the shorter side at which patches are found: a patch is some 7 wide there."""
COMPACTNESS = 20.0
"""How much of a colour difference one patch width of distance is worth, in Lab units."""


def superpixels(lab: Array, count: int) -> Labels:
    """Label 0..n-1 per pixel (H, W) of Lab, n about `count`; every label occurs.

    A pixel chooses among the nine patches round the one it started in, for all pixels at once.
    """
    full = lab.shape[:2]
    shrink = min(1.0, WORKING_SIDE / min(full))
    sides = [max(1, round(side * shrink)) for side in reversed(full)]
    found = _cluster(np.asarray(cv2.resize(lab, sides, interpolation=cv2.INTER_AREA)), count)
    grown = cv2.resize(found.astype(np.int32), full[::-1], interpolation=cv2.INTER_NEAREST)
    used = np.unique(grown, return_inverse=True)[1]
    return np.asarray(used.reshape(full), dtype=np.int64)


def _cluster(lab: Array, count: int) -> Labels:
    height, width, _ = lab.shape
    rows = max(1, round(np.sqrt(count * height / width)))
    columns = max(1, round(count / rows))
    rows, columns = min(rows, height), min(columns, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    home_row, home_column = (y * rows / height).astype(int), (x * columns / width).astype(int)
    step = np.sqrt(height * width / (rows * columns))
    smooth = cv2.GaussianBlur(lab, (3, 3), 0)
    scale = np.float32(COMPACTNESS / step)
    features = np.concatenate([smooth, (scale * y)[..., None], (scale * x)[..., None]], -1)
    labels = (home_row * columns + home_column).astype(np.int64)
    for _ in range(ROUNDS):
        centres = _means(features, labels, rows * columns)
        labels = _nearest(features, centres, home_row, home_column, rows, columns)
    return np.asarray(labels, dtype=np.int64)


def _means(features: Array, labels: Labels, count: int) -> Array:
    """Mean feature per label; a label nobody has lies infinitely far away."""
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=count)
    sums = [
        np.bincount(flat, features[..., channel].ravel(), minlength=count)
        for channel in range(features.shape[-1])
    ]
    means = np.stack(sums, -1) / np.maximum(sizes, 1)[:, None]
    means[sizes == 0] = 1e6
    return means.astype(np.float32)


def _nearest(
    features: Array, centres: Array, home_row: Labels, home_column: Labels, rows: int, columns: int
) -> Labels:
    best = np.full(home_row.shape, np.inf, np.float32)
    labels = np.zeros(home_row.shape, np.int64)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row = np.clip(home_row + down, 0, rows - 1)
            candidate = row * columns + np.clip(home_column + right, 0, columns - 1)
            away = features - centres[candidate]
            distance = np.einsum("hwc,hwc->hw", away, away)
            is_nearer = distance < best
            np.copyto(best, distance, where=is_nearer)
            np.copyto(labels, candidate, where=is_nearer)
    return np.asarray(labels, dtype=np.int64)
