"""The engine of one stream: watched while it runs, swapped for a better one between frames."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from livecartoon.backends.base import (
    Backend,
    Fetch,
    Memory,
    Overlapping,
    Surrounding,
    at_once,
    needed_layers,
)
from livecartoon.backends.choice import Candidate, Upgrade, open_best
from livecartoon.backends.watchdog import Watchdog
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

log = logging.getLogger(__name__)


class RunningEngine:
    """Draws with the best engine that is ready; `backend` is the one in use."""

    def __init__(
        self,
        choices: Sequence[Candidate],
        device: str,
        look: Look,
        *,
        is_live: bool,
        is_free: bool,
    ) -> None:
        """Open the best of `choices`; EngineError, ModelError.

        `is_live`: look for better ones while running; a file is drawn by one engine from end
        to end. `is_free`: the user typed neither backend nor precision, so that a broken
        engine may be replaced.
        """
        self._choices = list(choices)
        self._device = device
        self._is_live, self._is_free = is_live, is_free
        self._look = look
        self._watchdog = Watchdog()
        self._upgrade: Upgrade | None = None
        self.given_up: str | None = None
        """Why an engine was replaced while running."""
        self._next: Memory = None
        self._busy_s = 0.0
        self._open()

    def __call__(self, pixels: Pixels) -> Pixels:
        """Draw one frame; the result may be overwritten by the next call."""
        self._take_better()
        return self._draw(pixels)

    @property
    def knows_network(self) -> bool:
        """Whether what is around the network is told apart; else `network_s` is all of it."""
        return isinstance(self.backend, Surrounding)

    @property
    def network_s(self) -> float:
        """Busy seconds so far of what a smaller network would save of; engines may change."""
        backend = self.backend
        return backend.network_s if isinstance(backend, Surrounding) else self._busy_s

    def begin(self, pixels: Pixels) -> Fetch:
        """Start one frame; what is left of it is done elsewhere while the next one is begun.

        The frame has to stay as it is until it is fetched. One that the watchdog wants to see is
        drawn at once: it may cost the engine its place.
        """
        self._take_better()
        backend = self.backend
        if isinstance(backend, Overlapping) and not self._watchdog.is_due:
            with self._timed():
                return backend.begin(pixels)
        return at_once(self._draw(pixels))

    def _draw(self, pixels: Pixels) -> Pixels:
        with self._timed():
            drawn = self.backend(pixels)
        fault = self._watchdog(pixels, drawn)
        if fault is None:
            return drawn
        self._fall_back(fault)
        return self.backend(pixels)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started_s = time.perf_counter()
        yield
        self._busy_s += time.perf_counter() - started_s

    def set_look(self, look: Look) -> None:
        """Move the sliders; the first one off its identity setting rebuilds the engine."""
        self._look = look
        if missing := set(needed_layers(look)) - set(self.backend.spec.layers):
            layers = tuple(sorted({*self.backend.spec.layers, *missing}))
            self._choices = [replace(c, spec=replace(c.spec, layers=layers)) for c in self._choices]
            self.backend.close()
            self._open()
        self.backend.set_look(look)

    def reset(self) -> None:
        """Forget earlier frames."""
        self.backend.reset()
        self._next = None

    def fork(self) -> bool:
        """Start a second memory of the clip beside the one in use; False if styles keep none."""
        current = self.backend.exchange(None)
        if current is not None:
            self._next = self.backend.exchange(current)
        return current is not None

    def ahead(self, pixels: Pixels) -> Pixels | None:
        """Draw a frame by the second memory, None without one; overwritten by the next call."""
        if self._next is None:
            return None
        current = self.backend.exchange(self._next)
        drawn = self.backend(pixels)
        self._next = self.backend.exchange(current)
        return drawn

    def switch(self) -> None:
        """Go on with the second memory."""
        if self._next is not None:
            self.backend.exchange(self._next)
            self._next = None

    def close(self) -> None:
        """Release the engine; twice is harmless."""
        if self._upgrade is not None:
            self._upgrade.close()
        self.backend.close()

    def _open(self) -> None:
        self._adopt(*open_best(self._choices, self._device))

    def _adopt(self, backend: Backend, number: int) -> None:
        """Run `backend`, entry `number` of the choices, from the next frame on."""
        backend.set_look(self._look)
        self.backend = backend
        if self._upgrade is not None:
            self._upgrade.close()
        better = self._choices[:number] if self._is_live else []
        self._upgrade = Upgrade(better, self._device) if better else None

    def _take_better(self) -> None:
        """Swap in an engine that was finished meanwhile; the picture hardly changes."""
        if self._upgrade is None or (better := self._upgrade.take()) is None:
            return
        old = self.backend
        wanted = Candidate(better.name, better.spec)
        self._adopt(better, self._choices.index(wanted))
        old.close()
        log.info("%s %s from here on", better.name, better.spec.precision)

    def _fall_back(self, fault: str) -> None:
        """Replace an engine that draws nonsense; EngineError E505 if the user typed it."""
        used = f"{self.backend.name} {self.backend.spec.precision}"
        if not self._is_free:
            raise EngineError("E505", f"{used}: {fault}", "--precision fp32", "drop --backend")
        log.warning("%s: %s; torch fp32 draws from here on", used, fault)
        self.given_up = f"{used} was given up: {fault}"
        self._choices = [Candidate("torch", replace(self._choices[-1].spec, precision="fp32"))]
        self.backend.close()
        self._open()
