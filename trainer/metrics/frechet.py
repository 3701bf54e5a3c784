"""Frechet distance of two sets of features, and its value for infinitely many pictures.

d2 = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2), covariances with divisor n - 1. The last
term is the nuclear norm of R1 R2^T for any roots S = R^T R, so no matrix root is ever taken:
never complex, and fewer pictures than features do no harm.
"""

from __future__ import annotations

import numpy as np

from trainer.metrics.arrays import Doubles

FITS = 8
"""Subsets of growing size that the extrapolation is fitted to."""


def frechet_distance(one: Doubles, other: Doubles) -> float:
    """Squared Frechet distance of features (n, d) and (m, d), at least 2 pictures each."""
    mean, root = _mean_and_root(one)
    other_mean, other_root = _mean_and_root(other)
    return _distance(mean, root, other_mean, other_root)


def frechet_of_moments(
    mean: Doubles, covariance: Doubles, other_mean: Doubles, other_covariance: Doubles
) -> float:
    """The same of means (d,) and covariances (d, d)."""
    return _distance(mean, _root(covariance), other_mean, _root(other_covariance))


def frechet_at_infinity(one: Doubles, other: Doubles, rng: np.random.Generator) -> float:
    """Intercept of the distance over 1/n at 1/n = 0, both sets thinned by the same share.

    Removes most of the bias, which goes with 1/n as long as there are more pictures than
    features; with fewer it removes only part of it. Extrapolated: say so beside the value.
    """
    inverse, distances = [], []
    for share in np.linspace(0.5, 1.0, FITS):
        parts = [_thinned(features, share, rng) for features in (one, other)]
        inverse.append(1 / len(parts[0]))
        distances.append(frechet_distance(*parts))
    return float(np.polynomial.Polynomial.fit(inverse, distances, 1)(0.0))


def _thinned(features: Doubles, share: float, rng: np.random.Generator) -> Doubles:
    count = max(2, round(len(features) * share))
    return np.asarray(features[rng.permutation(len(features))[:count]])


def _mean_and_root(features: Doubles) -> tuple[Doubles, Doubles]:
    assert features.ndim == 2, features.shape
    assert len(features) > 1, "a covariance needs two pictures"
    values = np.asarray(features, dtype=np.float64)
    mean = values.mean(0)
    root = (values - mean) / np.sqrt(len(values) - 1)
    if root.shape[0] > root.shape[1]:
        root = np.linalg.qr(root, mode="r")  # the same root^T root in fewer rows
    return mean, np.asarray(root)


def _root(covariance: Doubles) -> Doubles:
    values, vectors = np.linalg.eigh(np.atleast_2d(covariance))
    return np.asarray(np.sqrt(np.maximum(values, 0))[:, None] * vectors.T)


def _distance(mean: Doubles, root: Doubles, other_mean: Doubles, other_root: Doubles) -> float:
    shared = np.linalg.svd(root @ other_root.T, compute_uv=False).sum()
    spread = np.square(root).sum() + np.square(other_root).sum()
    found = float(np.square(mean - other_mean).sum() + spread - 2 * shared)
    return max(found, 0.0)  # equal sets differ by rounding, either way
