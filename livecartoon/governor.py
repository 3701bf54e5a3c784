"""Keeps the latency of a live picture in bounds: takes measurements, returns a level.

Pure and without a clock of its own: the same windows give the same levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from livecartoon.errors import UsageError

SHORT_SIDES = (1080, 720, 540, 432, 360, 288, 240, 180)
TIER_SIDE = 360
"""From there down the next smaller network is tried before a smaller picture."""
WINDOW_S = 0.5
START_SHARE = 0.7
"""Of the budget: what a frame may take, when warming up, at the level to begin with."""
DOWN_SHARE, DOWN_WINDOWS = 0.90, 2
DROP_SHARE, DROP_WINDOWS = 0.10, 2
UP_SHARE, UP_WINDOWS = 0.55, 8
UP_FORECAST = 0.98
"""Of the budget: what a higher level is expected to take at most."""
RETURN_SHARE = 0.85
"""The same for a level that has held in this run, whatever a frame takes now: what surrounds the
network costs the same at every level, so that the lowest may take more than `UP_SHARE` for ever."""
TIER_COST = 1.5
"""Times the next larger network takes at the same size (small to nano 1.3 to 1.7)."""
UP_AFTER_DOWN_S = 10.0
FAILED_WITHIN_S = 60.0
BARRED_S = 300.0


@dataclass(frozen=True, slots=True)
class Level:
    """How large the network is and what it sees."""

    short_side: int
    """Of the network's input, pixels."""
    is_smaller_tier: bool = False
    """One tier below the one the run began with."""

    def __str__(self) -> str:
        return f"{self.short_side}p{' smaller tier' if self.is_smaller_tier else ''}"


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured in half a second that has just ended."""

    now_s: float
    """End of the window, on any steady clock."""
    work_ms: float
    """90th percentile of the worker's time for a frame."""
    latency_ms: float
    """90th percentile from capture to show."""
    dropped_share: float
    """Of the frames that arrived, 0..1."""
    fixed_ms: float = 0.0
    """Of `work_ms`, what does not depend on the level."""


@dataclass(frozen=True, slots=True)
class Change:
    """A new level and why."""

    level: Level
    reason: str
    is_too_slow: bool = False
    """The lowest level is too slow as well: halve the display rate and say so."""


def ladder_of(
    source_short_side: int,
    sides: Sequence[int] = SHORT_SIDES,
    *,
    has_smaller_tier: bool = False,
    tier_side: int = TIER_SIDE,
) -> list[Level]:
    """Levels for a source, the highest first.

    `sides` are those that an engine covers. At `tier_side`, or the first below, a smaller network,
    if there is one, comes before smaller pictures, and stays for them: size and network never
    change together.
    """
    usable = sorted({side for side in sides if side <= source_short_side}, reverse=True)
    usable = usable or [source_short_side]
    levels: list[Level] = []
    is_smaller = False
    for side in usable:
        levels.append(Level(side, is_smaller))
        if side <= tier_side and has_smaller_tier and not is_smaller:
            is_smaller = True
            levels.append(Level(side, is_smaller))
    return levels


@dataclass(slots=True)
class Governor:
    """Steps down at once when frames come late, up slowly when there is room for long."""

    levels: Sequence[Level]
    """Highest first; a single one is never changed."""
    target_fps: float
    max_latency_ms: float
    number: int = 0
    """Index of the level in use."""
    is_too_slow: bool = False
    _slow: int = field(default=0, init=False)
    _late: int = field(default=0, init=False)
    _dropping: int = field(default=0, init=False)
    _idle: int = field(default=0, init=False)
    _down_s: float = field(default=float("-inf"), init=False)
    _up_s: float = field(default=float("-inf"), init=False)
    _rose_to: int | None = field(default=None, init=False)
    _calm: int = field(default=0, init=False)
    _held: set[int] = field(default_factory=set, init=False)
    _barred_until_s: dict[int, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if not self.levels or self.target_fps <= 0 or self.max_latency_ms <= 0:
            raise UsageError("E201", "the governor needs levels, a rate and a latency", "--fps 30")

    @property
    def budget_ms(self) -> float:
        """Time for a frame."""
        return 1000 / self.target_fps

    @property
    def level(self) -> Level:
        """The level in use."""
        return self.levels[self.number]

    def start(self, warmup_ms: float) -> Change | None:
        """Hear what a frame took while warming up; the level below to begin with, if too much.

        The lowest is never refused here, and no fall is noted: the way up stays open.
        """
        if warmup_ms <= START_SHARE * self.budget_ms or self.number + 1 >= len(self.levels):
            return None
        self._held.add(self.number)  # what it takes is known: no guess is needed to come back
        self.number += 1
        reason = f"{warmup_ms:.0f} ms a frame when warming up, {self.budget_ms:.0f} ms there are"
        return Change(self.level, reason)

    def feed(self, window: Window) -> Change | None:
        """Take one window; the change it makes, None for nearly all of them."""
        self._count(window)
        reason = self._reason_to_go_down(window)
        if reason is not None:
            return self._down(window.now_s, reason)
        if self._may_go_up(window.now_s):
            return self._up(window)
        return None

    def relent(self) -> None:
        """Hear that a frame takes less from now on: the lowest level may hold after all."""
        self._forget()
        self.is_too_slow = False

    def refuse(self, number: int) -> bool:
        """Hear that a level just gone up to cannot be had: go back, for good; False if not that."""
        if self._rose_to != number or number + 1 >= len(self.levels):
            return False
        self._forget()
        self._barred_until_s[number] = float("inf")
        self.number, self._rose_to = number + 1, None
        return True

    @property
    def _step(self) -> int:
        """How many steps below the highest: half the display rate is one more."""
        return self.number + self.is_too_slow

    def _count(self, window: Window) -> None:
        """Count the windows in a row that are slow, late, dropping, idle or none of these."""
        budget_ms = self.budget_ms
        self._slow = self._slow + 1 if window.work_ms > DOWN_SHARE * budget_ms else 0
        self._late = self._late + 1 if window.latency_ms > self.max_latency_ms else 0
        self._dropping = self._dropping + 1 if window.dropped_share > DROP_SHARE else 0
        self._idle = self._idle + 1 if self._has_room(window) else 0
        self._calm = 0 if self._slow or self._late or self._dropping else self._calm + 1
        if self._calm >= UP_WINDOWS:
            self._held.add(self._step)

    def _has_room(self, window: Window) -> bool:
        """Whether the step above is expected to hold."""
        share = window.work_ms / self.budget_ms
        forecast = self._forecast_ms(window) / self.budget_ms
        is_known = self.is_too_slow or self._step - 1 in self._held
        return (is_known and forecast < RETURN_SHARE) or (
            share < UP_SHARE and forecast < UP_FORECAST
        )

    def _forecast_ms(self, window: Window) -> float:
        """What a frame will take one step up: the network's share grows with its pixels."""
        if self.number == 0 or self.is_too_slow:
            return window.work_ms
        here, above = self.level, self.levels[self.number - 1]
        times = (above.short_side / here.short_side) ** 2
        if above.is_smaller_tier != here.is_smaller_tier:
            times *= TIER_COST
        return window.fixed_ms + (window.work_ms - window.fixed_ms) * times

    def _reason_to_go_down(self, window: Window) -> str | None:
        if self._slow >= DOWN_WINDOWS:
            return f"{window.work_ms:.0f} ms a frame, {self.budget_ms:.0f} ms there are"
        if self._late >= DOWN_WINDOWS:
            return f"{window.latency_ms:.0f} ms late, {self.max_latency_ms:.0f} ms allowed"
        if self._dropping >= DROP_WINDOWS:
            return f"{window.dropped_share:.0%} of the frames dropped"
        return None

    def _down(self, now_s: float, reason: str) -> Change | None:
        self._forget()
        if self.is_too_slow:
            return None
        if now_s - self._up_s <= FAILED_WITHIN_S and self._step == self._rose_to:
            self._barred_until_s[self._step] = now_s + BARRED_S
        self._down_s, self._rose_to = now_s, None
        if self.number + 1 >= len(self.levels):
            self.is_too_slow = True
            return Change(self.level, reason, is_too_slow=True)
        self.number += 1
        return Change(self.level, reason)

    def _may_go_up(self, now_s: float) -> bool:
        return (
            self._idle >= UP_WINDOWS
            and now_s - self._down_s >= UP_AFTER_DOWN_S
            and self._step > 0
            and now_s >= self._barred_until_s.get(self._step - 1, float("-inf"))
        )

    def _up(self, window: Window) -> Change:
        self._forget()
        reason = f"{window.work_ms:.0f} ms a frame of {self.budget_ms:.0f} ms"
        if self.is_too_slow:  # the full display rate comes back before a higher level
            self.is_too_slow = False
        else:
            self.number -= 1
        self._up_s, self._rose_to = window.now_s, self._step
        return Change(self.level, reason)

    def _forget(self) -> None:
        """Begin to count anew: windows before a change say nothing about what follows."""
        self._slow = self._late = self._dropping = self._idle = self._calm = 0
