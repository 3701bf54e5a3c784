"""Robust background detection over superpixels (Zhu et al., CVPR 2014)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.saliency.planes import Array
from trainer.data.saliency.superpixels import Labels, superpixels

COUNT = 300
SIGMA_COLOUR = 10.0
"""Lab distance within which two patches count as one region (eq. 1 and 9)."""
SIGMA_SPACE = 0.25
"""Of the longer side (eq. 6)."""
SIGMA_BORDER = 1.0
LEAST_SMOOTHNESS = 0.1

Matrix = NDArray[np.float64]


def region_saliency(lab: Array) -> Array:
    """Saliency in 0..1 of Lab (H, W, 3), constant within each superpixel."""
    labels = superpixels(lab, COUNT)
    count = int(labels.max()) + 1
    if count < 3:
        return np.zeros(labels.shape, np.float32)
    colours, places = _describe(lab, labels, count)
    is_border = np.zeros(count, bool)
    for rim in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        is_border[rim] = True
    adjacent = _adjacency(labels, count)
    adjacent |= is_border[:, None] & is_border[None, :]
    np.fill_diagonal(adjacent, val=False)
    apart = _distances(colours)
    background = background_weights(apart, adjacent, is_border)
    contrast = apart * np.exp(-(_distances(places) ** 2) / (2 * SIGMA_SPACE**2))
    foreground = contrast @ background
    foreground /= max(float(foreground.max()), 1e-9)
    alike = np.exp(-(apart**2) / (2 * SIGMA_COLOUR**2)) + LEAST_SMOOTHNESS
    values = solve(background, foreground, np.where(adjacent, alike, 0.0))
    return values[labels].astype(np.float32)


def background_weights(
    apart: Matrix, adjacent: NDArray[np.bool_], is_border: NDArray[np.bool_]
) -> Matrix:
    """w_bg (eq. 7): 1 - exp(-BndCon^2 / 2), BndCon = border length / sqrt(area), eq. 2 to 5."""
    edges = np.where(adjacent, apart, np.inf)
    # Slow gradients would add up to a barrier: what differs no more than neighbours usually do
    # costs nothing (Wei et al., ECCV 2012, weight clipping).
    usual = edges.min(1, where=adjacent, initial=np.inf)
    clip = float(usual[np.isfinite(usual)].mean()) if np.isfinite(usual).any() else 0.0
    along = geodesic(np.where(edges > clip, edges, np.where(adjacent, 0.0, np.inf)))
    near = np.exp(-(along**2) / (2 * SIGMA_COLOUR**2))
    connectivity = near[:, is_border].sum(1) / np.sqrt(near.sum(1))
    return np.asarray(1 - np.exp(-(connectivity**2) / (2 * SIGMA_BORDER**2)))


def geodesic(edges: Matrix) -> Matrix:
    """Shortest path lengths between all nodes (Floyd and Warshall); inf = no edge."""
    lengths = edges.copy()
    np.fill_diagonal(lengths, 0.0)
    for middle in range(len(lengths)):
        np.minimum(lengths, lengths[:, middle, None] + lengths[None, middle], out=lengths)
    return lengths


def solve(background: Matrix, foreground: Matrix, smoothness: Matrix) -> Matrix:
    """Minimise sum w_bg s^2 + w_fg (s - 1)^2 + sum over pairs w_ij (s_i - s_j)^2 (eq. 9)."""
    laplacian = np.diag(smoothness.sum(1)) - smoothness
    system = laplacian + np.diag(background + foreground + 1e-9)
    return np.asarray(np.linalg.solve(system, foreground))


def _describe(lab: Array, labels: Labels, count: int) -> tuple[Matrix, Matrix]:
    """Mean Lab colour (n, 3) and place (n, 2), in longer sides, of each superpixel."""
    height, width, _ = lab.shape
    flat, sizes = labels.ravel(), np.bincount(labels.ravel(), minlength=count)
    y, x = np.mgrid[:height, :width] / max(height, width)

    def mean(values: NDArray[np.floating]) -> Matrix:
        return np.asarray(np.bincount(flat, values.ravel(), minlength=count) / sizes)

    colours = np.stack([mean(lab[..., channel]) for channel in range(3)], -1)
    return colours, np.stack([mean(y), mean(x)], -1)


def _adjacency(labels: Labels, count: int) -> NDArray[np.bool_]:
    adjacent = np.zeros((count, count), bool)
    for one, other in (
        (labels[:, 1:], labels[:, :-1]),
        (labels[1:], labels[:-1]),
        (labels[1:, 1:], labels[:-1, :-1]),
        (labels[1:, :-1], labels[:-1, 1:]),
    ):
        adjacent[one, other] = adjacent[other, one] = True
    return adjacent


def _distances(points: Matrix) -> Matrix:
    away = points[:, None] - points[None]
    return np.asarray(np.sqrt((away**2).sum(-1)))
