"""The governor on the levels of the style on show: decides, does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from livecartoon.governor import START_SHARE, Change, Governor, Window
from livecartoon.jobs.live.hud import ADVICE
from livecartoon.jobs.live.levels import Ladder, Rung


@dataclass(slots=True)
class LevelTime:
    """How long the picture was drawn at a level."""

    size: str
    seconds: float = 0.0


@dataclass(slots=True)
class Steering:
    """Feeds the governor and knows what its levels mean; the same windows, the same levels.

    Without a ladder it stays at what was typed, which is None as a rung.
    """

    target_fps: float
    max_latency_ms: float
    is_on: bool = True
    changes: int = 0
    times: list[LevelTime] = field(default_factory=list)
    """In the order of use."""
    shown: str = ""
    """The level that draws now, as the user reads it; a change begins when its engine is there."""
    is_starting: bool = True
    """Until the first level has been judged by its warm-up, or by a window."""
    _ladder: Ladder | None = None
    _governor: Governor | None = None
    _share: float | None = None
    """Of the budget, what the last window's frames took."""

    def climb(self, ladder: Ladder) -> None:
        """Go on with the levels of another style, at the size that is in use."""
        if self._ladder == ladder:
            return
        number = ladder.start
        if self._governor is not None:
            level = self._governor.level
            near = [n for n, rung in enumerate(ladder.rungs) if rung.level == level]
            number = near[0] if near else number
        self._ladder = ladder
        levels = [rung.level for rung in ladder.rungs]
        self._governor = Governor(levels, self.target_fps, self.max_latency_ms, number)

    @property
    def rung(self) -> Rung | None:
        """The level wanted, None for the one that the flags stand for."""
        return self._rung(self._governor.number) if self._governor is not None else None

    @property
    def spares(self) -> list[Rung | None]:
        """What may be wanted next and cannot wait then: the level below, if there is one."""
        if self._governor is None or not self.is_on:
            return []
        below = self._governor.number + 1
        return [self._rung(below)] if below < len(self._governor.levels) else []

    @property
    def is_pressed(self) -> bool:
        """Whether a level below is likely to be needed soon."""
        return self._share is not None and self._share > START_SHARE

    @property
    def is_at_ease(self) -> bool:
        """Whether what was measured leaves time for other things."""
        return self._share is not None and self._share <= START_SHARE

    @property
    def is_too_slow(self) -> bool:
        """Whether the lowest level does not hold."""
        return self.is_on and self._governor is not None and self._governor.is_too_slow

    @property
    def name(self) -> str:
        """The level wanted, as the user reads it, "" before there is one."""
        return self.name_of(self.rung)

    @property
    def most_fps(self) -> float:
        """How many pictures a second are worth drawing."""
        return self.target_fps / 2 if self.is_too_slow else self.target_fps

    def start(self, warmup_ms: float) -> Change | None:
        """Hear what a frame took when the first level was warmed up; the change, if any.

        Once only: a level that is opened beside a running picture warms up slower than it draws.
        """
        if not self.is_starting:
            return None
        self.is_starting = False
        governor = self._governor if self.is_on else None
        change = governor.start(warmup_ms) if governor is not None else None
        self.changes += change is not None
        return change

    def feed(self, window: Window) -> Change | None:
        """Take what was measured; the change that follows from it, None for nearly all."""
        self.is_starting = False
        self._share = window.work_ms * self.target_fps / 1000
        if self._governor is None or not self.is_on:
            return None
        number = self._governor.number
        change = self._governor.feed(window)
        if self._governor.number != number:
            self.changes += 1
        return change

    def forget_share(self) -> None:
        """Hear that another engine draws: what the one before took says nothing about it."""
        self._share = None

    def relent(self) -> None:
        """Hear that a frame takes less from now on: look again before the rate is halved."""
        if self._governor is not None:
            self._governor.relent()

    def give_up(self, rung: Rung | None) -> None:
        """Do without `rung`, and all below unless it was gone up to: there is no engine for it."""
        if self._ladder is None or self._governor is None:
            return
        numbers = range(len(self._governor.levels))
        first = next((n for n in numbers if self._rung(n) == rung), None)
        if first is None or self._governor.refuse(first) or first == 0:
            return
        self._governor.levels = self._governor.levels[:first]
        self._governor.number = min(self._governor.number, first - 1)

    def name_of(self, rung: Rung | None) -> str:
        """A level as the user reads it, "" before there is a ladder."""
        if self._ladder is None:
            return ""
        return (rung or self._ladder.rungs[self._ladder.start]).name

    def spend(self, seconds: float, rung: Rung | None) -> None:
        """Count the time for the level that draws."""
        self.shown = self.name_of(rung)
        if not self.shown:
            return
        if not self.times or self.times[-1].size != self.shown:
            self.times.append(LevelTime(self.shown))
        self.times[-1].seconds += seconds

    def _rung(self, number: int) -> Rung | None:
        assert self._ladder is not None
        return None if number == self._ladder.start else self._ladder.rungs[number]


def advice(change: Change, name: str) -> str:
    """What to tell about a change."""
    if change.is_too_slow:
        return f"TOO SLOW: {change.reason}; try {ADVICE}"
    return f"level {name}: {change.reason}"
