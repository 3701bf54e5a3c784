"""Edge-preserving filters: guided filter, generalised Kuwahara, L0 gradient minimisation."""

from functools import lru_cache

import cv2
import numpy as np
from scipy import fft

from trainer.targets.planes import Array

_SECTORS = 8
_SECTOR_OVERLAP = 1.15
_L0_BORDER = 16
# The paper runs from 2 lambda to 1e5. Up to 8 lambda nearly nothing is kept, and beyond 200 the
# plateaus only get back their noise: 12 rounds instead of 15 at a mean change of 0.5 levels.
_L0_FIRST_BETA = 8.0  # in lambda
_L0_LAST_BETA = 200.0


def box_mean(values: Array, radius: int) -> Array:
    """Mean over a square window of side 2 radius + 1."""
    window = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.blur(values, window, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(mean, dtype=np.float32)


def guided_filter(picture: Array, guide: Array, radius: int, epsilon: float) -> Array:
    """Smooth `picture` except where `guide` has an edge (He et al., 2010, eq. 5 and 6).

    The guide is a plane, or as deep as the picture, then each channel guides itself.
    """
    guide_mean = box_mean(guide, radius)
    variance = box_mean(guide * guide, radius) - guide_mean * guide_mean
    if guide.ndim < picture.ndim:
        guide, guide_mean, variance = guide[..., None], guide_mean[..., None], variance[..., None]
    mean = box_mean(picture, radius)
    slope = (box_mean(guide * picture, radius) - guide_mean * mean) / (variance + epsilon)
    return box_mean(slope, radius) * guide + box_mean(mean - slope * guide_mean, radius)


def kuwahara(picture: Array, radius: int, power: int = 8) -> Array:
    """Replace texture by the mean of the calmest neighbouring sectors; edges stay.

    Generalised Kuwahara filter with 8 soft sectors (Papari et al., 2007); `power` is even, a
    higher one decides harder between sectors.
    """
    square = np.einsum("hwc,hwc->hw", picture, picture)
    weights = np.zeros_like(square)
    totals = [np.zeros_like(square) for _ in range(3)]
    for kernel in _sector_kernels(radius):
        mean = cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        spread = cv2.filter2D(square, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        channels = cv2.split(mean)  # contiguous planes: three times faster than strided ones
        variance = spread - sum(channel * channel for channel in channels)
        calm = 1 / (40 * np.sqrt(np.maximum(variance, 0)) + 0.08)
        weight = _even_power(calm, power)
        weights += weight
        for total, channel in zip(totals, channels, strict=True):
            total += channel * weight
    return np.dstack([total / weights for total in totals])


def l0_smooth(picture: Array, strength: float, growth: float = 2.0) -> Array:
    """Turn a picture into plateaus with crisp steps (Xu et al., 2011, algorithm 1).

    `strength` is the paper's lambda, `growth` its kappa: a larger one needs fewer rounds.
    """
    h, w = picture.shape[:2]
    state = _pad_for_fft(picture)
    shape = state.shape[1:]
    laplacian = _laplacian_spectrum(*shape)
    start = fft.rfft2(state)
    beta = _L0_FIRST_BETA * strength
    while beta < _L0_LAST_BETA:
        divergence = _kept_gradient_divergence(state, strength / beta)
        spectrum = fft.rfft2(divergence)
        spectrum *= np.float32(beta)
        spectrum += start
        spectrum /= 1 + np.float32(beta) * laplacian
        state = fft.irfft2(spectrum, s=shape, overwrite_x=True)
        beta *= growth
    inner = state[:, _L0_BORDER : _L0_BORDER + h, _L0_BORDER : _L0_BORDER + w]
    return np.ascontiguousarray(inner.transpose(1, 2, 0))


@lru_cache(maxsize=32)
def _sector_kernels(radius: int) -> tuple[Array, ...]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float32)
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    disc = np.exp(-(distance**2) / (2 * (radius / 2.2) ** 2)) * (distance <= radius + 0.2)
    width = 2 * np.pi / _SECTORS
    kernels = []
    for sector in range(_SECTORS):
        off = np.abs((angle - sector * width + np.pi) % (2 * np.pi) - np.pi)
        kernel = disc * np.clip(1 - off / (width * _SECTOR_OVERLAP), 0, 1)
        kernel[radius, radius] = disc[radius, radius] / _SECTORS
        kernels.append((kernel / kernel.sum()).astype(np.float32))
    return tuple(kernels)


def _even_power(values: Array, power: int) -> Array:
    square = values * values
    result = square.copy()
    for _ in range(power // 2 - 1):
        result *= square
    return result


def _pad_for_fft(picture: Array) -> Array:
    h, w = picture.shape[:2]
    bottom = fft.next_fast_len(h + 2 * _L0_BORDER, True) - h - _L0_BORDER
    right = fft.next_fast_len(w + 2 * _L0_BORDER, True) - w - _L0_BORDER
    # cv2 mirrors as often as needed, so a picture smaller than the border is fine.
    padded = cv2.copyMakeBorder(
        picture, _L0_BORDER, bottom, _L0_BORDER, right, cv2.BORDER_REFLECT_101
    )
    return np.ascontiguousarray(np.asarray(padded, dtype=np.float32).transpose(2, 0, 1))


@lru_cache(maxsize=8)
def _laplacian_spectrum(h: int, w: int) -> Array:
    y = 2 - 2 * np.cos(2 * np.pi * fft.fftfreq(h))[:, None]
    x = 2 - 2 * np.cos(2 * np.pi * fft.rfftfreq(w))[None]
    return np.asarray(x + y, dtype=np.float32)


def _kept_gradient_divergence(state: Array, threshold: float) -> Array:
    """Divergence of the periodic gradient after dropping its steps below `threshold` (squared)."""
    across, down = np.empty_like(state), np.empty_like(state)
    np.subtract(state[:, :, 1:], state[:, :, :-1], out=across[:, :, :-1])
    np.subtract(state[:, :, 0], state[:, :, -1], out=across[:, :, -1])
    np.subtract(state[:, 1:], state[:, :-1], out=down[:, :-1])
    np.subtract(state[:, 0], state[:, -1], out=down[:, -1])
    energy = np.einsum("chw,chw->hw", across, across) + np.einsum("chw,chw->hw", down, down)
    kept = energy >= threshold
    across *= kept
    down *= kept
    divergence = -across - down
    divergence[:, :, 1:] += across[:, :, :-1]
    divergence[:, :, 0] += across[:, :, -1]
    divergence[:, 1:] += down[:, :-1]
    divergence[:, 0] += down[:, -1]
    return divergence
