"""How far the colours of two sets of pictures are apart, in units of L*a*b*."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.metrics.arrays import Bytes, Doubles, lab

DIRECTIONS = 64
SAMPLES = 20_000


def palette_distance(one: Doubles, other: Doubles) -> float:
    """Sliced Wasserstein distance of colour samples (n, 3), the same n; 5 = all moved by 10."""
    assert one.shape == other.shape, (one.shape, other.shape)
    directions = _directions()
    first, second = (np.sort(colours @ directions.T, axis=0) for colours in (one, other))
    return float(np.abs(first - second).mean())


def colour_samples(pictures: Sequence[Bytes], seed: int = 0, count: int = SAMPLES) -> Doubles:
    """L*a*b* of `count` pixels, as many from every uint8 RGB picture as nearly as possible."""
    rng = np.random.default_rng(seed)
    shares = np.diff(np.linspace(0, count, len(pictures) + 1).astype(int))
    parts = []
    for picture, share in zip(pictures, shares, strict=True):
        pixels = picture.reshape(-1, 3)
        chosen = rng.integers(0, len(pixels), int(share))
        parts.append(lab(pixels[chosen][None])[0] if share else np.empty((0, 3)))
    return np.concatenate(parts)


def _directions() -> Doubles:
    """Evenly over the half sphere and its mirror image: a Fibonacci lattice at half spacings."""
    index = np.arange(DIRECTIONS) + 0.5
    height = 1 - 2 * index / DIRECTIONS
    around = index * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(around), radius * np.sin(around), height], 1)
