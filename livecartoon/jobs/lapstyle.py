"""The stylizer of a film in laps: hands its memory over where one lap ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from livecartoon.frame import Frame, Pixels
from livecartoon.jobs.compare import compared
from livecartoon.jobs.reading import seconds_of
from livecartoon.jobs.settings import CompareName
from livecartoon.pipeline import Staged
from livecartoon.sinks.laps import Laps, Stretch

Stylize = Callable[[Frame], Frame]


@dataclass(frozen=True, slots=True)
class Half:
    """A frame between the two halves of its stylizer."""

    frame: Frame
    drawn: Any
    """What the first half made; None before the run-up, where nothing is drawn."""


class LapStylize:
    """Stylizes a stretch of laps: at each start the memory is one begun in the run-up.

    So a lap looks the same whether the run came from the lap before or began there. In two halves
    for two threads, as far as its stylizer is: `draw` in order, `steady` in that order.
    """

    def __init__(
        self,
        stylize: Stylize,
        laps: Laps,
        stretch: Stretch,
        compare: CompareName = "none",
        on_frame: Callable[[Frame], None] | None = None,
    ) -> None:
        """`on_frame` gets every source frame before it is drawn, and may raise."""
        self._stylize: Any = stylize
        self._is_staged = isinstance(stylize, Staged)
        self._compare: CompareName = compare
        self._on_frame = on_frame
        self._networks = self._filters = None
        if hasattr(stylize, "fork_network"):
            self._networks = _Handover(
                laps, stretch, self._fork_network, self._switch_network, self._draw_anew
            )
        if hasattr(stylize, "fork") and hasattr(stylize, "switch"):
            self._filters = _Handover(laps, stretch, stylize.fork, stylize.switch)
        self._from_s: Fraction | None = None
        if not stretch.is_from_start:
            self._from_s = stretch.drawn_from(laps)
        self._last: tuple[Pixels, Any] | None = None
        """Source and drawing of the frame before: a repeated one is not drawn again."""

    def draw(self, frame: Frame) -> Half:
        """Run the network; before the run-up do nothing."""
        if self._on_frame is not None:
            self._on_frame(frame)
        at_s = seconds_of(frame)
        if self._from_s is not None and at_s < self._from_s:
            return Half(frame, None)
        if self._networks is not None:
            self._networks(at_s)
        if not self._is_staged:
            if self._filters is not None:
                self._filters(at_s)
            return Half(frame, self._stylize(frame))
        if self._last is not None and self._last[0] is frame.pixels:
            return Half(frame, replace(self._last[1], frame=frame))
        drawn = self._stylize.draw(frame)
        self._last = frame.pixels, drawn
        return Half(frame, drawn)

    def complete(self, half: Half) -> None:
        """Do what `draw` left to do, as far as the stylizer leaves anything."""
        if self._is_staged and half.drawn is not None:
            self._stylize.complete(half.drawn)

    def steady(self, half: Half) -> Frame:
        """Run what remembers, and put source and result into one picture where asked."""
        if half.drawn is None:
            return half.frame
        shown = half.drawn
        if self._is_staged:
            if self._filters is not None:
                self._filters(seconds_of(half.frame))
            shown = self._stylize.steady(half.drawn)
        return compared(half.frame, shown, self._compare)

    def _fork_network(self) -> None:
        if self._stylize.fork_network():
            self._draw_anew()  # the new memory has to see this frame, repeated or not

    def _draw_anew(self) -> None:
        self._last = None

    def _switch_network(self) -> None:
        self._stylize.switch_network()
        if self._last is not None and (ahead := self._last[1].ahead) is not None:
            pixels, drawn = self._last
            self._last = pixels, replace(drawn, fetch=lambda: ahead, ahead=None)


class _Handover:
    """Follows the laps for one memory: the next begins in the run-up and takes over at the lap."""

    def __init__(
        self,
        laps: Laps,
        stretch: Stretch,
        fork: Callable[[], object],
        switch: Callable[[], object],
        pass_by: Callable[[], object] = lambda: None,
    ) -> None:
        """`pass_by` is called where another reader forks, whose lap comes next: what a fork
        does to the memory before it has to happen there, too.
        """
        self._laps = laps
        self._lap, self._end = stretch.first, stretch.end
        self._fork, self._switch, self._pass_by = fork, switch, pass_by
        self._is_forked = False

    def __call__(self, at_s: Fraction) -> None:
        """Do what is due before the frame at `at_s`."""
        lap = self._laps.of(at_s)
        if lap > self._lap:
            self._cross(lap)
        if lap == self._lap and not self._is_forked and self._laps.runs_up(at_s):
            is_ours = self._end is None or lap + 1 < self._end
            (self._fork if is_ours else self._pass_by)()
            self._is_forked = True

    def _cross(self, lap: int) -> None:
        # A memory begun before a lap in which nothing was shown belongs to that lap.
        if not self._is_forked or lap > self._lap + 1:
            self._fork()
        self._switch()
        self._lap = lap
        self._is_forked = False
