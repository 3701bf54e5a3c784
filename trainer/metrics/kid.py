"""Kernel distance (KID): an unbiased distance of two sets of features, good for small sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trainer.metrics.arrays import Doubles

SUBSETS = 50
SUBSET_SIZE = 1000


class KernelDistance(NamedTuple):
    """Mean and standard deviation over subsets, not multiplied by anything.

    The deviation is 0 where a subset is the whole of both sets: then it says nothing.
    """

    mean: float
    deviation: float


def kernel_distance(one: Doubles, other: Doubles) -> float:
    """Unbiased squared MMD with k(a, b) = (a b / d + 1)^3 of features (n, d) and (m, d).

    0 on average for sets of one distribution, so it may be negative.
    """
    return _within(one) + _within(other) - 2 * float(_kernel(one, other).mean())


def kernel_distance_of_subsets(
    one: Doubles, other: Doubles, rng: np.random.Generator
) -> KernelDistance:
    """Over 50 pairs of subsets of min(1000, n, m) pictures."""
    size = min(SUBSET_SIZE, len(one), len(other))
    found = [
        kernel_distance(
            *(features[rng.permutation(len(features))[:size]] for features in (one, other))
        )
        for _ in range(SUBSETS)
    ]
    return KernelDistance(float(np.mean(found)), float(np.std(found)))


def _kernel(one: Doubles, other: Doubles) -> Doubles:
    product = np.asarray(one, dtype=np.float64) @ np.asarray(other, dtype=np.float64).T
    return np.asarray((product / one.shape[1] + 1) ** 3)


def _within(features: Doubles) -> float:
    count = len(features)
    assert count > 1, "pairs within a set need two pictures"
    kernel = _kernel(features, features)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
