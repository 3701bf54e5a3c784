"""A picture's error and its slopes, with their gradient, in one crossing of the memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livecartoon.compiled import compiled, part

Floats = NDArray[np.float32]
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)


class Weights(NamedTuple):
    """Of |e|, e^2, |d| and d / (1 + d / knee), with e the error, d its forward differences."""

    absolute: float
    square: float
    gradient: float
    sparse: float
    knee: float


@compiled
def loss_and_slope(error: Floats, colours: int, weights: Weights, slope: Floats) -> float:
    """Return the loss of `error` (N, H, W*colours) and write its gradient to `slope`.

    Each term is the mean over what it is of; those of the two directions are added.
    """
    count, height, width = error.shape
    whole = np.float32(1 / (count * height * width))
    across = np.float32(1 / (count * height * (width - colours)))
    down = np.float32(1 / (count * (height - 1) * width))
    # pulls[x] of a pixel's difference to the next one; the zeros around have no neighbour
    pulls = np.zeros(width + colours, np.float32)
    above, below = np.zeros(width, np.float32), np.zeros(width, np.float32)
    total = np.float64(0)
    for n in range(count):
        above[:] = _ZERO
        for y in range(height):
            row, out = error[n, y], slope[n, y]
            total += _errors(row, weights, whole, out)
            total += _differences(
                row[colours:], row[:-colours], weights, across, pulls[colours:-colours]
            )
            _move(pulls[:width], pulls[colours:], out)
            if y + 1 < height:
                total += _differences(error[n, y + 1], row, weights, down, below)
            else:
                below[:] = _ZERO
            _move(above, below, out)
            above, below = below, above
    return float(total)


@part
def _errors(row: Floats, weights: Weights, share: np.float32, out: Floats) -> np.float32:
    absolute, square = np.float32(weights.absolute), np.float32(weights.square)
    total = _ZERO
    for x in range(row.shape[0]):
        e = row[x]
        total += absolute * abs(e) + square * e * e
        out[x] = share * (np.sign(e) * absolute + _TWO * square * e)
    return share * total


@part
def _differences(
    after: Floats, before: Floats, weights: Weights, share: np.float32, out: Floats
) -> np.float32:
    gradient, sparse = np.float32(weights.gradient), np.float32(weights.sparse)
    inverse = _ONE / np.float32(weights.knee)
    total = _ZERO
    for x in range(before.shape[0]):
        d = after[x] - before[x]
        size = abs(d)
        kept = _ONE / (_ONE + size * inverse)
        total += size * (gradient + sparse * kept)
        out[x] = share * np.sign(d) * (gradient + sparse * kept * kept)
    return share * total


@part
def _move(before: Floats, after: Floats, out: Floats) -> None:
    for x in range(out.shape[0]):
        out[x] += before[x] - after[x]
