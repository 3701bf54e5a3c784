"""The stylizer of a film in laps: hands its memory over where one lap ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from livecartoon.frame import Frame, Pixels
from livecartoon.jobs.compare import compared
from livecartoon.jobs.reading import seconds_of
from livecartoon.jobs.settings import CompareName
from livecartoon.sinks.segments import Laps

Stylize = Callable[[Frame], Frame]


class LapStylize:
    """Stylizes the laps `first` .. `end`: at each start the memory is one begun in the run-up.

    So a lap looks the same whether the run came from the lap before or began there.
    """

    def __init__(
        self,
        stylize: Stylize,
        laps: Laps,
        first: int = 0,
        end: int | None = None,
        compare: CompareName = "none",
    ) -> None:
        self._stylize: Any = stylize
        self._compare: CompareName = compare
        self._laps = laps
        self._lap = first
        self._end = end
        self._has_memory = hasattr(stylize, "fork") and hasattr(stylize, "switch")
        self._is_forked = False
        self._from_s: Fraction | None = laps.begins(first) - laps.run_up_s if first else None
        self._last: tuple[Pixels, Pixels] | None = None
        """Source and result of the frame before: a repeated one is not drawn again."""

    def __call__(self, frame: Frame) -> Frame:
        """Return the frame stylized; before the run-up as it is."""
        at_s = seconds_of(frame)
        if self._from_s is not None and at_s < self._from_s:
            return frame
        lap = self._laps.of(at_s)
        if lap > self._lap:
            self._cross(lap)
        if self._has_memory and not self._is_forked and self._is_before_next(lap, at_s):
            self._stylize.fork()
            self._is_forked = True
            self._last = None
        if self._last is not None and self._last[0] is frame.pixels:
            return replace(frame, pixels=self._last[1])
        drawn = compared(frame, self._stylize(frame), self._compare)
        self._last = frame.pixels, drawn.pixels
        return drawn

    def _is_before_next(self, lap: int, at_s: Fraction) -> bool:
        if lap != self._lap or (self._end is not None and lap + 1 >= self._end):
            return False
        return self._laps.runs_up(at_s)

    def _cross(self, lap: int) -> None:
        if self._has_memory:
            # A memory begun before a lap in which nothing was shown belongs to that lap.
            if self._is_forked and lap == self._lap + 1:
                self._stylize.switch()
            else:
                self._stylize.reset()
        self._lap = lap
        self._is_forked = False
        self._last = None
