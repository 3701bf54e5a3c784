"""Turns the wishes of the governor into engines, without a stall of the picture."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from livecartoon.governor import Change
from livecartoon.jobs.live.gauge import Gauge
from livecartoon.jobs.live.levels import FindLadder
from livecartoon.jobs.live.steering import Steering, advice
from livecartoon.jobs.live.styling import StyleKey, StyleShelf

log = logging.getLogger(__name__)
ASK_S = 1.0
"""How often the shelf is asked for an engine that is not there yet."""
SETTLE_S = 0.6
"""After a change of engine: crossfade and first touches of memory say nothing about the level."""


class Builder(Protocol):
    """Builds engines beside the run."""

    @property
    def is_busy(self) -> bool:
        """Whether a build takes time from the pictures."""
        ...

    def start(self, key: StyleKey, width: int, height: int) -> bool:
        """Begin to build, unless something is being built; False if `key` cannot be built."""
        ...

    def close(self) -> None:
        """Stop what is under way."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What the main loop knows about the run."""

    now_s: float
    wished: StyleKey
    on_stage: StyleKey | None
    captured: int
    dropped: int
    is_disturbed: bool = False
    """Something takes time now that will not in a moment."""
    neighbours: tuple[StyleKey, ...] = ()
    """What the user may wish next with one key."""


class Helm:
    """Steers a live run by its governor; main thread only.

    An engine of another level is opened by the shelf and put on stage only once it is open; one
    that was never built is built in a process of its own. Until then the picture goes on.
    """

    def __init__(
        self,
        steering: Steering,
        gauge: Gauge,
        shelf: StyleShelf,
        find: FindLadder | None,
        builder: Builder | None,
        size: tuple[int, int],
        stay: Callable[[], bool] = lambda: False,
    ) -> None:
        """`stay` lets the anti-flicker follow the camera no longer; False if it does not."""
        self.steering = steering
        self._gauge, self._shelf, self._find, self._builder = gauge, shelf, find, builder
        self._width, self._height = size
        self._stay = stay
        self._style: str | None = None
        self._asked_s = float("-inf")
        self._settled_s = float("-inf")
        self._before: StyleKey | None = None
        self._building: StyleKey | None = None
        self._left_out: set[StyleKey] = set()
        """Neighbours that cannot be had at once."""
        self._last_s: float | None = None

    def follow(self, moment: Moment) -> str | None:
        """Look at the run; what to tell the user, None for nearly every look."""
        on_stage = moment.on_stage
        if on_stage is None:
            return None
        if on_stage.style != self._style:
            self._style = on_stage.style
            self._left_out.clear()
            if self._find is not None:
                self.steering.climb(self._find(on_stage.style, self._width, self._height))
        self._spend(moment.now_s, on_stage)
        change = self._measured(moment, on_stage)
        told = [] if change is None else [advice(change, self.steering.name)]
        told += self._fetch(moment)
        for text in told:
            log.info("%s", text)
        return ", ".join(told) or None

    def next_wish(self, wished: StyleKey) -> StyleKey | None:
        """Return `wished` at the level the governor wants, as soon as it can be had at once."""
        wanted = replace(wished, rung=self.steering.rung)
        return wanted if wanted != wished and self._shelf.holds(wanted) else None

    def refuse(self, key: StyleKey) -> None:
        """Hear of a level, or of another style, that cannot be made: go on without it."""
        if key.style != self._style:
            self._left_out.add(key)
            return
        log.warning("no engine for level %s", key.rung.name if key.rung else "as typed")
        self.steering.give_up(key.rung)

    def close(self) -> None:
        """Stop a build under way."""
        if self._builder is not None:
            self._builder.close()

    def _spend(self, now_s: float, on_stage: StyleKey) -> None:
        if self._last_s is not None:
            self.steering.spend(now_s - self._last_s, on_stage.rung)
        self._last_s = now_s

    def _measured(self, moment: Moment, on_stage: StyleKey) -> Change | None:
        """Feed the governor, but only with times in which nothing but drawing was going on."""
        now_s = moment.now_s
        if on_stage != self._before:
            self._before, self._settled_s = on_stage, now_s + SETTLE_S
            self.steering.forget_share()
        if self._may_start_lower(moment.wished, on_stage):
            return self.steering.start(self._shelf.warmup_ms(on_stage))
        is_quiet = (
            on_stage == moment.wished
            and on_stage.rung == self.steering.rung
            and now_s >= self._settled_s
            and not self._shelf.is_opening
            and not moment.is_disturbed
            and not (self._builder is not None and self._builder.is_busy)
        )
        if not is_quiet:
            self._gauge.restart(now_s, moment.captured, moment.dropped)
            return None
        window = self._gauge.window(now_s, moment.captured, moment.dropped)
        change = None if window is None else self.steering.feed(window)
        if change is not None and change.is_too_slow and self._stay():
            self.steering.relent()
            return None
        return change

    def _may_start_lower(self, wished: StyleKey, on_stage: StyleKey) -> bool:
        """Whether the level below is at hand: to begin there is not worth a build."""
        spares = [replace(wished, rung=rung) for rung in self.steering.spares]
        return (
            self.steering.is_starting
            and on_stage.rung == self.steering.rung
            and all(self._shelf.holds(key) for key in spares)
        )

    def _fetch(self, moment: Moment) -> list[str]:
        """Have the level that is wanted opened, else what may be wanted next.

        First the level below, which cannot wait; then the styles beside, where there is time.
        """
        if (missing := self._shelf.missing()) is not None:
            return self._build(missing)
        if moment.now_s - self._asked_s < ASK_S:
            return []
        rungs = [self.steering.rung, *self.steering.spares]
        keys = [replace(moment.wished, rung=rung) for rung in rungs]
        if self.steering.is_at_ease:
            keys += [key for key in moment.neighbours if key not in self._left_out]
        absent = [key for key in keys if not self._shelf.holds(key)]
        if absent and moment.on_stage == moment.wished:
            self._asked_s = moment.now_s
            self._shelf.prepare(absent[0])
        return []

    def _build(self, key: StyleKey) -> list[str]:
        """Build what is wanted now, and what is likely to be; what to tell about it."""
        if key.style != self._style:
            self._left_out.add(key)
            return []
        is_urgent = key.rung == self.steering.rung or self.steering.is_pressed
        if not is_urgent:
            return []
        if self._builder is None or not self._builder.start(key, self._width, self._height):
            self.refuse(key)
            return []
        is_told, self._building = self._building == key, key
        name = self.steering.name_of(key.rung)
        return [] if is_told else [f"building level {name}, once: the picture goes on as it is"]
