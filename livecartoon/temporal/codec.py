"""Steps that a video codec leaves: a block stays for many frames, then jumps by a level or two."""

from __future__ import annotations

import math

import numpy as np

from livecartoon.temporal.planes import Floats

_SKIPPED = 0.05
"""Share of blocks without any change from which on a source counts as coded: noise spares none."""
_QUIET = 0.25
"""A step's block has had less than this share of its energy the frame before: motion has more."""
_LARGEST = 8.0
"""Mean squared change, levels, above which a step is taken for motion."""
_LEAST_STEPS = 0.005
"""Share of the blocks; fewer say nothing."""
_QUANTILE = 90
_SETTLE_S = 1.0
_MOST = 2.25
"""Variance beyond which ghosts begin to show: at 4 the sharpness of a dim kitchen fell by 2 %."""


class CodecSteps:
    """Variance (levels squared) that makes the steps of a codec count as noise; 0 if uncoded.

    The lagged product is blind to them: a step that stays correlates with nothing.
    """

    def __init__(self) -> None:
        self._skipped = 0.0
        self._last: Floats | None = None
        self.variance = 0.0

    def update(self, energy: Floats, elapsed_s: float) -> None:
        """Take in the mean squared change (rows, columns) of the blocks of luma."""
        last, self._last = self._last, energy
        share = 1 - math.exp(-elapsed_s / _SETTLE_S)
        self._skipped += share * (float((energy == 0).mean()) - self._skipped)
        if last is None:
            return
        is_step = (energy > 0) & (energy < _LARGEST) & (last < _QUIET * energy)
        if self._skipped > _SKIPPED and is_step.mean() > _LEAST_STEPS:
            seen = float(np.percentile(energy[is_step], _QUANTILE)) / 2
            self.variance += share * (min(seen, _MOST) - self.variance)
        elif self._skipped <= _SKIPPED:
            self.variance -= share * self.variance

    def forget_difference(self) -> None:
        """After a break the last change means nothing."""
        self._last = None
