"""What the governor is fed with: half seconds of a live run, measured."""

from __future__ import annotations

from collections import deque

import numpy as np

from livecartoon.governor import WINDOW_S, Window

MOST_KEPT = 256
PERCENTILE = 90


class Batch:
    """Milliseconds that one thread adds and another takes away; bounded."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=MOST_KEPT)

    def add(self, milliseconds: float) -> None:
        """One measurement."""
        self._kept.append(milliseconds)

    def take(self) -> list[float]:
        """Return what was added since the last call."""
        taken = []
        while self._kept:
            taken.append(self._kept.popleft())
        return taken


class Gauge:
    """Makes windows of what was measured; a half second without a drawn picture goes on.

    `work` is what the worker took for a picture, `latency` from capture to show, `fixed` the part
    of the work that is the same at every level.
    """

    def __init__(self, work: Batch, latency: Batch, fixed: Batch | None = None) -> None:
        self._batches = work, latency, fixed or Batch()
        self._work: list[float] = []
        self._latency: list[float] = []
        self._fixed: list[float] = []
        self._start_s: float | None = None
        self._counts = 0, 0

    def restart(self, now_s: float, captured: int, dropped: int) -> None:
        """Forget what was measured until now: something else was going on."""
        for batch in self._batches:
            batch.take()
        self._work, self._latency, self._fixed = [], [], []
        self._start_s, self._counts = now_s, (captured, dropped)

    def window(self, now_s: float, captured: int, dropped: int) -> Window | None:
        """Return the window that ends now, if one does; the counts are those of the whole run."""
        if self._start_s is None:
            self.restart(now_s, captured, dropped)
            return None
        work, latency, fixed = self._batches
        self._work += work.take()
        self._latency += latency.take()
        self._fixed += fixed.take()
        if now_s - self._start_s < WINDOW_S or not (self._work and self._latency):
            return None
        captured_before, dropped_before = self._counts
        came = captured - captured_before
        window = Window(
            now_s,
            float(np.percentile(self._work, PERCENTILE)),
            float(np.percentile(self._latency, PERCENTILE)),
            (dropped - dropped_before) / came if came > 0 else 0.0,
            float(np.median(self._fixed)) if self._fixed else 0.0,
        )
        self.restart(now_s, captured, dropped)
        return window
