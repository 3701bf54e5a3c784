"""Looks at what an engine draws while it runs, once a second, for the marks of a broken one."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from livecartoon.backends.selftest import FLAT_RANGE
from livecartoon.frame import Pixels

PERIOD_S = 1.0
STRIKES = 2
"""Looks in a row that must find it broken: one frame may be a fade to black."""
LIVELY_RANGE = 48
"""Levels of the source that a drawing of one colour cannot come from."""
STEP = 8
"""Every 8th pixel both ways is looked at: NaN spreads, it hides in no corner."""


class Watchdog:
    """Says why an engine is broken: NaN, which as bytes is one flat colour, or a flat frame."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock()
        self._strikes = 0

    @property
    def is_due(self) -> bool:
        """Whether it would look at a frame drawn now."""
        return self._clock() >= self._next_s

    def __call__(self, source: Pixels, drawn: Pixels) -> str | None:
        """Look if it is time to; the fault in words once it was seen twice running."""
        now_s = self._clock()
        if now_s < self._next_s:
            return None
        self._next_s = now_s + PERIOD_S
        before, after = (_span(picture[::STEP, ::STEP]) for picture in (source, drawn))
        self._strikes = self._strikes + 1 if before >= LIVELY_RANGE and after < FLAT_RANGE else 0
        if self._strikes < STRIKES:
            return None
        return "the engine draws one flat colour of lively pictures"


def _span(picture: Pixels) -> int:
    return int(np.ptp(picture.reshape(-1, 3), axis=0).max())
