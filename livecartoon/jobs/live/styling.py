"""Prepares styles beside the running picture, so that a switch never stalls it."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from livecartoon.backends.base import needed_layers
from livecartoon.closing import Closing
from livecartoon.config import Look
from livecartoon.errors import LivecartoonError
from livecartoon.frame import Frame
from livecartoon.jobs.live.levels import Rung
from livecartoon.slot import Slot

log = logging.getLogger(__name__)
KEPT = 5
"""The style on show, the level below it, the styles beside it, and the one before."""
TIMED = 3
ENOUGH_S = 0.15
"""Timing an engine must not delay the first picture much."""
POLL_S = 0.2
JOIN_S = 0.5


class StylizerLike(Protocol):
    """What the live worker needs of a Stylizer."""

    @property
    def report(self) -> Any:  # noqa: ANN401  the report's type belongs to the engine
        """Facts about the engine for the HUD and the JSON, or None."""
        ...

    @property
    def temporal(self) -> Any:  # noqa: ANN401  likewise
        """What the anti-flicker does: mode, method, frames, note."""
        ...

    @property
    def stage_s(self) -> Mapping[str, float]:
        """Busy seconds of "network" and "temporal", so far."""
        ...

    @property
    def network_s(self) -> float:
        """Seconds so far that `draw` took for what a smaller network would save of."""
        ...

    @property
    def waited_s(self) -> float:
        """The same of `steady`: it waits for a card."""
        ...

    def draw(self, frame: Frame) -> Any:  # noqa: ANN401  whatever `steady` takes
        """Draw a frame by the network."""
        ...

    def complete(self, drawn: Any) -> None:  # noqa: ANN401
        """Do what `draw` left for `steady` to do: the thread of `draw` has time."""
        ...

    def steady(self, drawn: Any) -> Frame:  # noqa: ANN401
        """Return what was drawn, steadied: same pts, fresh pixels; in a thread of its own."""
        ...

    def set_temporal(self, name: str) -> None:
        """Switch the anti-flicker method: `auto`, `off`, `blend` or `flow`."""
        ...

    def stay(self) -> bool:
        """Let the anti-flicker follow the camera no longer; False if it does not."""
        ...

    def set_look(self, look: Look) -> None:
        """Change the sliders from the next frame on."""
        ...

    def reset(self) -> None:
        """Forget the past frames."""
        ...

    def close(self) -> None:
        """Release the engine."""
        ...


@dataclass(frozen=True, slots=True)
class StyleKey:
    """A style, its live layers and its level: two different ones are two engines."""

    style: str
    layers: tuple[str, ...] = ()
    rung: Rung | None = None
    """Where the governor wants it; None = as typed."""
    look: Look = field(default_factory=Look, compare=False)
    """Sliders to start with; they need just these layers."""

    @classmethod
    def of(cls, style: str, look: Look, rung: Rung | None = None) -> StyleKey:
        """Return what `style` in `look` needs."""
        return cls(style, needed_layers(look), rung, look)

    def can_draw(self, style: str, look: Look) -> bool:
        """True if an engine made for this key shows that style in that look."""
        return style == self.style and set(needed_layers(look)) <= set(self.layers)


MakeStylizer = Callable[[StyleKey, int, int], StylizerLike]
"""(key, width, height) -> a stylizer that is warm and ready for its first frame."""
IsReady = Callable[[StyleKey, int, int], bool]
"""(key, width, height) -> whether making it takes no build."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stylizer and the wish it fulfils."""

    key: StyleKey
    stylizer: StylizerLike
    warmup_ms: float = 0.0
    """What a frame took once the first one had been drawn."""


class StyleShelf(Closing):
    """Builds stylizers in its own thread and keeps the last few, newest wish first.

    `wish` and `prepare` come from the main thread; `take` from the worker, which never waits
    here.
    """

    def __init__(
        self, make: MakeStylizer, width: int, height: int, is_ready: IsReady | None = None
    ) -> None:
        self._make, self._width, self._height = make, width, height
        self._is_ready = is_ready or (lambda *_: True)
        self._wishes: Slot[StyleKey] = Slot()
        self._plans: Slot[StyleKey] = Slot()
        self._missing: Slot[StyleKey] = Slot()
        self._is_opening = False
        self._ready: Slot[Prepared] = Slot()
        self._kept: OrderedDict[StyleKey, Prepared] = OrderedDict()
        self._failures: Slot[tuple[StyleKey, LivecartoonError]] = Slot(capacity=4)
        self._lock = threading.Lock()
        self._on_stage: StyleKey | None = None
        self._thread = threading.Thread(target=self._run, name="styles", daemon=True)
        self._thread.start()

    def wish(self, key: StyleKey) -> None:
        """Ask for a stylizer; a wish not yet begun is replaced."""
        self._wishes.put(key)

    def prepare(self, key: StyleKey) -> None:
        """Open a stylizer before anybody wishes it, unless its engine must be built first."""
        self._plans.put(key)

    def holds(self, key: StyleKey) -> bool:
        """Whether a wish for `key` is fulfilled at once."""
        return key in self._kept

    def warmup_ms(self, key: StyleKey) -> float:
        """What a frame took when `key` was made; 0 if it is not kept."""
        with self._lock:
            return self._kept[key].warmup_ms if key in self._kept else 0.0

    @property
    def is_opening(self) -> bool:
        """Whether a stylizer is being made: that takes time from the pictures."""
        return self._is_opening

    def missing(self) -> StyleKey | None:
        """Return what was to be prepared and has no engine yet, once."""
        return self._missing.get(0)

    def take(self) -> Prepared | None:
        """Return the newest stylizer that became ready, if any; raises what broke the shelf."""
        with self._lock:
            prepared = self._ready.get(0)
            if prepared is not None:
                self._on_stage = prepared.key
            return prepared

    def failure(self) -> tuple[StyleKey, LivecartoonError] | None:
        """Return the wish that could not be fulfilled, and why, once."""
        return self._failures.get(0)

    def close(self) -> None:
        """Stop preparing and release every stylizer kept, unless one is still being built.

        Call it only when the worker has ended.
        """
        self._wishes.close()
        self._thread.join(JOIN_S)
        if self._thread.is_alive():
            log.info("leaving an engine build unfinished")
            return
        for prepared in self._kept.values():
            prepared.stylizer.close()
        self._kept.clear()

    def _run(self) -> None:
        with self._ready:
            while True:
                key = self._wishes.get(POLL_S)
                if key is not None:
                    self._fulfil(key, is_wished=True)
                elif (plan := self._plans.get(0)) is not None:
                    self._plan(plan)

    def _plan(self, key: StyleKey) -> None:
        """Prepare `key`, or say that its engine is missing."""
        try:
            is_ready = self.holds(key) or self._is_ready(key, self._width, self._height)
        except LivecartoonError as error:
            self._failures.put((key, error))
            return
        if is_ready:
            self._fulfil(key, is_wished=False)
        else:
            self._missing.put(key)

    def _open(self, key: StyleKey) -> Prepared | None:
        self._is_opening = True
        try:
            stylizer = self._make(key, self._width, self._height)
            warmup_ms = warm_up(stylizer, self._width, self._height)
        except LivecartoonError as error:
            self._failures.put((key, error))
            return None
        finally:
            self._is_opening = False
        return Prepared(key, stylizer, warmup_ms)

    def _fulfil(self, key: StyleKey, *, is_wished: bool) -> None:
        prepared = self._kept.get(key) or self._open(key)
        if prepared is None:
            return
        with self._lock:
            self._kept[key] = prepared
            self._kept.move_to_end(key)
            if is_wished:  # equal keys may differ in where the sliders stand
                self._ready.put(replace(prepared, key=key))
            spare = [name for name in self._kept if name not in (key, self._on_stage)]
            evicted = [self._kept.pop(name) for name in spare[: max(0, len(self._kept) - KEPT)]]
        for old in evicted:
            old.stylizer.close()


def warm_up(stylizer: StylizerLike, width: int, height: int) -> float:
    """Run black frames at real size: the first call allocates what later ones reuse.

    Return the milliseconds of the fastest of the later ones, which nothing disturbed: of its
    slower half, for the halves of live frames are done side by side.
    """
    start_s, times_s = time.monotonic(), []
    for index in range(1 + TIMED):
        before_s = time.monotonic()
        frame = Frame(np.zeros((height, width, 3), np.uint8), index, Fraction(1, 30))
        drawn = stylizer.draw(frame)
        drawn_s = time.monotonic()
        stylizer.steady(drawn)
        now_s = time.monotonic()
        times_s.append(max(drawn_s - before_s, now_s - drawn_s))
        if index and now_s - start_s > ENOUGH_S:
            break
    stylizer.reset()
    return 1000 * min(times_s[1:])
