"""Do the edges of a picture lie where they should? Scores of edge and line masks."""

from __future__ import annotations

import cv2
import numpy as np

from trainer.metrics.arrays import Bytes, Doubles, Mask, lab, slopes

QUANTILES = (70, 90)
"""Percentiles of the photo's gradient that Canny's two thresholds are."""
REACH = 2
_STEPS = 64.0
"""Canny takes whole numbers: steps of 1/64 of the gradient's unit, L* per pixel."""


def edge_score(cartoon: Bytes, photo: Bytes) -> float:
    """F1 of a cartoon's edges against its photo's, both (H, W, 3), matched within 2 px.

    Canny on L*; the photo's gradient gives the thresholds for both.
    """
    cartoon_slopes, photo_slopes = slopes(lab(cartoon)[..., 0]), slopes(lab(photo)[..., 0])
    low, high = np.percentile(np.hypot(*photo_slopes), QUANTILES)
    found = _edges(cartoon_slopes, float(low), float(high))
    wanted = _edges(photo_slopes, float(low), float(high))
    if not (found.any() or wanted.any()):
        return 1.0
    return line_score(found, wanted, REACH)


def line_score(found: Mask, wanted: Mask, reach: int = 1) -> float:
    """F-score of two masks; a pixel counts as hit with one of the other within `reach` px."""
    a, b = found.astype(np.uint8), wanted.astype(np.uint8)
    precision = (a & _widened(b, reach)).sum() / max(1, a.sum())
    recall = (b & _widened(a, reach)).sum() / max(1, b.sum())
    return float(2 * precision * recall / max(1e-6, precision + recall))


def _edges(pair: tuple[Doubles, Doubles], low: float, high: float) -> Mask:
    across, down = (np.rint(values * _STEPS).astype(np.int16) for values in pair)
    # A picture without any slope has thresholds of 0, and everything would be an edge.
    low, high = max(low * _STEPS, 1.0), max(high * _STEPS, 1.0)
    found = cv2.Canny(across, down, low, high, L2gradient=True)
    return np.asarray(found, dtype=np.uint8) > 0


def _widened(mask: Bytes, reach: int) -> Bytes:
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.dilate(mask, window), dtype=np.uint8)
