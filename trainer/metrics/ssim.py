"""Structural similarity of two pictures' luma, at one scale and at five."""

from __future__ import annotations

import cv2
import numpy as np

from trainer.metrics.arrays import Bytes, Doubles, luma

WINDOW, SIGMA = (11, 11), 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MIN_SIDE = 6 * 2 ** (len(SCALE_WEIGHTS) - 1)
"""Below, the window's mirrored border would reach beyond the smallest scale."""


def ssim(one: Bytes, other: Bytes) -> float:
    """Mean structural similarity of the luma of two uint8 RGB pictures (H, W, 3); 1 = equal."""
    return ssim_of_planes(luma(one), luma(other))


def ssim_of_planes(one: Doubles, other: Doubles, peak: float = 255.0) -> float:
    """The same of two planes (H, W) with values 0..`peak`."""
    light, structure = _maps(one, other, peak)
    return float((light * structure).mean())


def multiscale_ssim(one: Bytes, other: Bytes) -> float:
    """MS-SSIM of the luma over five scales, 0..1; sides of at least 96 px."""
    a, b = luma(one), luma(other)
    assert min(a.shape) >= MIN_SIDE, a.shape
    score = 1.0
    for index, weight in enumerate(SCALE_WEIGHTS):
        light, structure = _maps(a, b, 255.0)
        is_last = index == len(SCALE_WEIGHTS) - 1
        similarity = float((light * structure if is_last else structure).mean())
        score *= max(similarity, 0.0) ** weight  # opposite structure has no real root
        a, b = _halved(a), _halved(b)
    return score


def _maps(one: Doubles, other: Doubles, peak: float) -> tuple[Doubles, Doubles]:
    """Similarity of brightness, and of contrast and structure, per pixel."""
    low, high = (K1 * peak) ** 2, (K2 * peak) ** 2
    mean_a, mean_b = _local(one), _local(other)
    variances = _local(one * one) - mean_a**2 + _local(other * other) - mean_b**2
    covariance = _local(one * other) - mean_a * mean_b
    light = (2 * mean_a * mean_b + low) / (mean_a**2 + mean_b**2 + low)
    return light, (2 * covariance + high) / (variances + high)


def _local(plane: Doubles) -> Doubles:
    return np.asarray(cv2.GaussianBlur(plane, WINDOW, SIGMA), dtype=np.float64)


def _halved(plane: Doubles) -> Doubles:
    height, width = (side // 2 * 2 for side in plane.shape)
    even = plane[:height, :width]
    return np.asarray(even.reshape(height // 2, 2, width // 2, 2).mean((1, 3)))
