"""Intervals by drawing the pictures anew, the same draw for every row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.arrays import Doubles

RESAMPLES = 200
LOW, HIGH = 2.5, 97.5


class Interval(NamedTuple):
    """A value with the bounds that 95 % of the draws lie within."""

    value: float
    low: float
    high: float


def draws(count: int, resamples: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Index arrays (count,), drawn with replacement."""
    return [rng.integers(0, count, count) for _ in range(resamples)]


def interval(value: float, resampled: Sequence[float] | Doubles) -> Interval:
    """Percentile interval of the draws, moved so that its mean is `value`.

    A draw repeats pictures, which lifts every Frechet distance by about its own bias; unmoved,
    the interval would often lie above the value it belongs to.
    """
    if len(resampled) == 0:
        return Interval(value, value, value)
    spread = np.asarray(resampled, dtype=np.float64)
    low, high = np.percentile(spread, (LOW, HIGH)) - spread.mean()
    return Interval(value, float(value + low), float(value + high))
