"""The running mean's step, a row at a time: one crossing of the main memory, not five."""

from __future__ import annotations

import numpy as np

from livecartoon.compiled import compiled, part
from livecartoon.frame import Pixels
from livecartoon.temporal.planes import Floats

_HALF, _ONE = np.float32(0.5), np.float32(1)


@compiled
def step_towards(
    mean: Floats, styled: Pixels, gain: Floats, hold: np.float32, held: Pixels, shown: Pixels
) -> None:
    """Move `mean` (H, 3W) towards `styled` by `gain` (H, W); write its level to `held`, `shown`.

    The level stays what is `held` while the mean is within half a level of it, and `hold` more
    where `gain` is 0; else it is the nearest. All but `gain` have three colours a pixel. `mean` is
    within 0..255.
    """
    weights = np.empty(mean.shape[1], np.float32)
    for y in range(mean.shape[0]):
        _thrice(gain[y], weights)
        _step(mean[y], styled[y], weights, hold, held[y], shown[y])


@part
def _thrice(row: Floats, out: Floats) -> None:
    for x in range(row.shape[0]):
        out[3 * x] = row[x]
        out[3 * x + 1] = row[x]
        out[3 * x + 2] = row[x]


@part
def _step(
    mean: Floats, styled: Pixels, weights: Floats, hold: np.float32, held: Pixels, shown: Pixels
) -> None:
    for x in range(mean.shape[0]):
        now = mean[x] + (styled[x] - mean[x]) * weights[x]
        mean[x] = now
        is_left = abs(now - held[x]) > _HALF + hold * (_ONE - weights[x])
        level = np.uint8(np.int32(now + _HALF)) if is_left else held[x]
        held[x] = level
        shown[x] = level
