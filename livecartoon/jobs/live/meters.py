"""Rates and latencies of a live run, in bounded memory and without a clock of their own."""

from __future__ import annotations

from collections import deque

import numpy as np

WINDOW_S = 2.0
KEPT_LATENCIES = 8192
LATELY = 300
"""Of which the picture's text tells: ten seconds at 30 fps."""


class RateMeter:
    """Counts events: over the last seconds for the display, over the run for the report."""

    def __init__(self) -> None:
        self.count = 0
        self._first_s = 0.0
        self._last_s = 0.0
        self._recent: deque[float] = deque(maxlen=512)

    def tick(self, now_s: float) -> None:
        """One event at `now_s`."""
        if self.count == 0:
            self._first_s = now_s
        self._last_s = now_s
        self.count += 1
        self._recent.append(now_s)

    def recent(self, now_s: float) -> float:
        """Events per second over the last two seconds."""
        while self._recent and self._recent[0] < now_s - WINDOW_S:
            self._recent.popleft()
        if len(self._recent) < 2:
            return 0.0
        return (len(self._recent) - 1) / max(1e-6, now_s - self._recent[0])

    def silence_s(self, now_s: float) -> float:
        """Seconds since the last event, 0 before the first."""
        return now_s - self._last_s if self.count else 0.0

    def overall(self) -> float:
        """Events per second from the first to the last."""
        span_s = self._last_s - self._first_s
        return (self.count - 1) / span_s if span_s > 0 else 0.0


class Growth:
    """How much counters have grown over the last five looks at them."""

    def __init__(self) -> None:
        self._looks: deque[tuple[int, ...]] = deque(maxlen=5)

    def __call__(self, *counts: int) -> tuple[int, ...]:
        """Look at `counts`; return what was added since the oldest look kept."""
        self._looks.append(counts)
        return tuple(now - then for now, then in zip(counts, self._looks[0], strict=True))


class LatencyMeter:
    """Milliseconds from capture to show; percentiles over the last 8192, maximum over all."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=KEPT_LATENCIES)
        self._max = 0.0

    def add(self, milliseconds: float) -> None:
        """One measurement."""
        self._kept.append(milliseconds)
        self._max = max(self._max, milliseconds)

    def recent(self) -> float:
        """Median of the last fifteen."""
        last = [self._kept[-i] for i in range(1, min(15, len(self._kept)) + 1)]
        return float(np.median(last)) if last else 0.0

    def lately(self) -> tuple[float, float, float]:
        """Return p50, p95 and p99 of the last 300, zeros before the first."""
        last = [self._kept[-i] for i in range(1, min(LATELY, len(self._kept)) + 1)]
        p50, p95, p99 = np.percentile(last, [50, 95, 99]) if last else (0.0, 0.0, 0.0)
        return float(p50), float(p95), float(p99)

    def summary(self) -> dict[str, float | None]:
        """Return p50, p95, p99 and max, None before the first measurement."""
        if not self._kept:
            return dict.fromkeys(("p50", "p95", "p99", "max"))
        p50, p95, p99 = np.percentile(self._kept, [50, 95, 99])
        return {
            "p50": round(float(p50), 2),
            "p95": round(float(p95), 2),
            "p99": round(float(p99), 2),
            "max": round(self._max, 2),
        }
