"""The live job over a long time, and started and stopped many times."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from livecartoon.config import EngineOptions, Look
from livecartoon.frame import Frame
from livecartoon.jobs.live import LiveSettings, LiveStatus, run_live
from livecartoon.jobs.live.styling import StyleKey
from livecartoon.sinks.presenter import HeadlessPresenter

SETTLED_S = 20.0
"""Memory is compared from there on: buffers and engines have been allocated."""


def soak(minutes: float, style: str) -> dict[str, Any]:
    """Run `style` on the drawn card at 30 fps; compare its last minute with its first.

    The latency of a minute is the 99th percentile of the medians of fifteen pictures that the
    status reports twice a second.
    """
    looks: list[tuple[float, float, float]] = []

    def look(status: LiveStatus) -> None:
        if not status.is_warming:
            looks.append((time.monotonic(), status.latency_ms, _rss_mib()))

    before = threading.active_count()
    report = run_live(
        LiveSettings(
            camera="pattern:640x360@30", show=False, sinks=("null",), duration_s=minutes * 60
        ),
        EngineOptions(style=style),
        look,
        presenter=HeadlessPresenter(),
    )
    start_s, end_s = looks[0][0], looks[-1][0]
    span_s = min(60.0, (end_s - start_s) / 3)
    first = [m for t, m, _ in looks if SETTLED_S / 4 < t - start_s < SETTLED_S / 4 + span_s]
    last = [m for t, m, _ in looks if t > end_s - span_s]
    settled = [rss for t, _, rss in looks if t - start_s > min(SETTLED_S, span_s)]
    return {
        "minutes": minutes,
        "style": style,
        "frames": report.frames,
        "fps": report.fps,
        "latency_ms": report.latency_ms,
        "first_styled_s": report.first_styled_s,
        "p99_first_ms": round(float(np.percentile(first, 99)), 2),
        "p99_last_ms": round(float(np.percentile(last, 99)), 2),
        "rss_settled_mib": round(settled[0], 1),
        "rss_last_mib": round(settled[-1], 1),
        "rss_growth": round(settled[-1] / settled[0] - 1, 4),
        "threads_left": threading.active_count() - before,
    }


class Copy:
    """A stylizer that copies: only the machinery around it is measured."""

    report = None
    temporal = None
    stage_s: ClassVar[dict[str, float]] = {}

    def __call__(self, frame: Frame) -> Frame:
        """Return a copy."""
        return replace(frame, pixels=frame.pixels.copy())

    def set_look(self, look: Look) -> None:
        """Do nothing."""

    def set_temporal(self, name: str) -> None:
        """Do nothing."""

    def reset(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def cycles(count: int) -> dict[str, Any]:
    """Start and stop the live job `count` times; compare the machine before and after."""
    marks: list[tuple[int, int, float]] = []
    stops_s: list[float] = []
    for index in range(count + 3):
        if index == 3:  # what the first runs load stays, rightly
            marks.append(_held())
        _once()
        stops_s.append(_once.stop_s)
    marks.append(_held())
    names = ("threads", "files", "rss_mib")
    return {
        "cycles": count,
        "before": dict(zip(names, marks[0], strict=True)),
        "after": dict(zip(names, marks[1], strict=True)),
        "stop_s_max": round(max(stops_s), 3),
    }


class _Once:
    """One short run; remembers how long its end took."""

    stop_s = 0.0

    def __call__(self) -> None:
        quitting = _Quitting()
        run_live(
            LiveSettings(camera="pattern:640x360@60", show=False, sinks=("null",)),
            EngineOptions(style="copy"),
            presenter=quitting,
            make_stylizer=_make_copy,
            styles=("copy",),
        )
        self.stop_s = time.monotonic() - quitting.quit_s


class _Quitting(HeadlessPresenter):
    """Presses q after a tenth of a second."""

    def __init__(self) -> None:
        super().__init__([(0.1, "q")])
        self.quit_s = 0.0

    def pressed(self) -> list[str]:
        keys = super().pressed()
        if keys:
            self.quit_s = time.monotonic()
        return keys


_once = _Once()


def _make_copy(key: StyleKey, width: int, height: int) -> Copy:
    return Copy()


def _held() -> tuple[int, int, float]:
    """Threads, open files and memory, without garbage and what the allocator keeps for later."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    files = len(list(Path("/proc/self/fd").iterdir()))
    return threading.active_count(), files, round(_rss_mib(), 1)


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
