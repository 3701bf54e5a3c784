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
from livecartoon.sinks.presenter import HeadlessPresenter, Scene
from livecartoon.sources.pattern import read_time_code

RATE = 30
SETTLED_S = 20.0
"""Memory is compared from there on: buffers and engines have been allocated."""
MINUTE_S = 60.0
MOST_GROWTH = 0.02
MOST_CYCLE_GROWTH_MIB = 5.0
"""Seven pictures of 640x360: one left by each of a hundred runs would be 66."""
WARM_CYCLES, LOOKS = 10, 3
MOST_SLOWING = 0.2
LEAST_RATE = 0.97
"""Of the camera's: what counts as full rate."""
MOST_STOP_S = 1.0


def run(minutes: float, style: str, count: int) -> dict[str, Any]:
    """Start and stop the live job, then let it run; `missed` names the gates that did not hold."""
    figures: dict[str, Any] = {"cycles": cycles(count), "soak": soak(minutes, style)}
    return figures | {"missed": (missed := missed_gates(figures)), "is_good": not missed}


def missed_gates(figures: dict[str, Any]) -> list[str]:
    """Name what does not hold, in words and figures."""
    soaked, cycled = figures["soak"], figures["cycles"]
    before, after = cycled["before"], cycled["after"]
    shown = soaked["fps"]["shown"]
    grown_mib = after["rss_mib"] - before["rss_mib"]
    checks = {
        f"memory grew by {soaked['rss_growth']:.1%}": soaked["rss_growth"] < MOST_GROWTH,
        f"p99 went from {soaked['p99_first_ms']} to {soaked['p99_last_ms']} ms": (
            soaked["p99_last_ms"] <= (1 + MOST_SLOWING) * soaked["p99_first_ms"]
        ),
        f"{shown} of {RATE} pictures a second": shown >= LEAST_RATE * RATE,
        f"{soaked['threads_left']} threads left": soaked["threads_left"] == 0,
        f"threads {before['threads']} -> {after['threads']}": after["threads"] <= before["threads"],
        f"open files {before['files']} -> {after['files']}": after["files"] <= before["files"],
        f"starts and stops left {grown_mib:.1f} MiB": grown_mib < MOST_CYCLE_GROWTH_MIB,
        f"{cycled['stop_s_max']} s to stop": cycled["stop_s_max"] <= MOST_STOP_S,
    }
    return [words for words, is_met in checks.items() if not is_met]


def soak(minutes: float, style: str) -> dict[str, Any]:
    """Run `style` on the drawn card at 30 fps; compare its last minute with its first.

    The latency of every picture is read from the time code of the frame it was made of.
    """
    memory: list[tuple[float, float]] = []

    def look(status: LiveStatus) -> None:
        if not status.is_warming:
            memory.append((time.monotonic(), _rss_mib()))

    before = threading.active_count()
    watching = _Watching(round(minutes * 60 * RATE * 1.5) + 10_000)
    report = run_live(
        LiveSettings(
            camera=f"pattern:640x360@{RATE}", show=False, sinks=("null",), duration_s=minutes * 60
        ),
        EngineOptions(style=style),
        look,
        presenter=watching,
    )
    start_s, end_s = memory[0][0], memory[-1][0]
    span_s = min(MINUTE_S, (end_s - start_s) / 3)
    settled_s = start_s + min(SETTLED_S, span_s)
    first, last = (settled_s, settled_s + span_s), (end_s - span_s, end_s)
    rss_first, rss_last = (_median_between(memory, *span) for span in (first, last))
    return {
        "minutes": minutes,
        "style": style,
        "frames": report.frames,
        "fps": report.fps,
        "latency_ms": report.latency_ms,
        "levels": report.levels,
        "first_styled_s": report.first_styled_s,
        "p99_first_ms": round(watching.percentile(99, *first), 2),
        "p99_last_ms": round(watching.percentile(99, *last), 2),
        "rss_first_mib": round(rss_first, 1),
        "rss_last_mib": round(rss_last, 1),
        "rss_growth": round(rss_last / rss_first - 1, 4),
        "threads_left": threading.active_count() - before,
    }


def _median_between(looks: list[tuple[float, float]], start_s: float, end_s: float) -> float:
    return float(np.median([value for at_s, value in looks if start_s <= at_s <= end_s]))


class _Watching(HeadlessPresenter):
    """Notes when each picture came and how old it was, in memory taken beforehand."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._seen = np.full((most, 2), np.nan)
        self._count = 0

    def show(self, scene: Scene) -> None:
        super().show(scene)
        now_s = time.monotonic()
        code = read_time_code(scene.source)
        if code is not None and self._count < len(self._seen):
            self._seen[self._count] = now_s, (int(now_s * 1000) - code[1]) % 65536
            self._count += 1

    def percentile(self, percent: float, start_s: float, end_s: float) -> float:
        """Age in ms between two moments."""
        at_s, age_ms = self._seen[: self._count].T
        return float(np.percentile(age_ms[(at_s >= start_s) & (at_s <= end_s)], percent))


class Copy:
    """A stylizer that copies: only the machinery around it is measured."""

    report = None
    temporal = None
    stage_s: ClassVar[dict[str, float]] = {}
    network_s = 0.0
    waited_s = 0.0

    def draw(self, frame: Frame) -> Frame:
        """Return a copy."""
        return replace(frame, pixels=frame.pixels.copy())

    def complete(self, drawn: Frame) -> None:
        """Nothing is left to do."""

    def steady(self, drawn: Frame) -> Frame:
        """Return it as it is."""
        return drawn

    def set_look(self, look: Look) -> None:
        """Do nothing."""

    def set_temporal(self, name: str) -> None:
        """Do nothing."""

    def stay(self) -> bool:
        """Say that there is nothing to give up."""
        return False

    def reset(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def cycles(count: int) -> dict[str, Any]:
    """Start and stop the live job `count` times; compare the machine before and after.

    Of each figure the least of three looks: memory swings by some pictures from run to run, what
    leaks stays.
    """
    marks: list[tuple[float, ...]] = []
    stops_s: list[float] = []
    for _ in range(WARM_CYCLES + count):  # what the first runs load stays, rightly
        _once()
        stops_s.append(_once.stop_s)
        marks.append(_held())
    before, after = (
        dict(zip(("threads", "files", "rss_mib"), map(min, *looks), strict=True))
        for looks in (marks[WARM_CYCLES - LOOKS : WARM_CYCLES], marks[-LOOKS:])
    )
    return {
        "cycles": count,
        "before": before,
        "after": after,
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
