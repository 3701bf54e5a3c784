"""Threads behind the live picture: one per sink, and one that saves snapshots."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.frame import Pixels
from livecartoon.jobs.live.meters import LatencyMeter
from livecartoon.jobs.live.work import Picture
from livecartoon.sinks.base import Sink
from livecartoon.sinks.snapshot import write_png
from livecartoon.slot import Slot, SlotClosed

log = logging.getLogger(__name__)
RECORD_QUEUE = 8
POLL_S = 0.2


@dataclass(slots=True)
class SinkCounts:
    """What one sink has done."""

    kind: str
    target: str
    frames: int = 0
    errors: int = 0


class SinkRunner:
    """Feeds one sink from a short queue in a thread of its own; a slow sink loses old frames."""

    def __init__(self, sink: Sink, kind: str, target: str = "") -> None:
        self.inbox: Slot[Picture] = Slot(RECORD_QUEUE)
        self.counts = SinkCounts(kind, target)
        self.error: LivecartoonError | None = None
        self.latency = LatencyMeter()
        self.is_ending = False
        self._sink = sink
        self._outcome: Slot[None] = Slot()
        self._first_s: float | None = None
        self._target = Path(target) if target else None
        self._thread = threading.Thread(target=self._run, name=f"sink {kind}", daemon=True)
        self._thread.start()

    @property
    def recorded_s(self) -> float | None:
        """Seconds since its first frame, None before it or after a failure."""
        if self._first_s is None or self.error is not None:
            return None
        return time.monotonic() - self._first_s

    @property
    def is_active(self) -> bool:
        """True while it takes pictures."""
        return self.error is None and not self.is_ending

    @property
    def state(self) -> str:
        """Kind and state in words, with the pictures lost to slowness."""
        if self.error is not None:
            return f"{self.counts.kind} FAILED"
        trouble = getattr(self._sink, "trouble", "")
        lost = f" DROP {self.inbox.dropped}" if self.inbox.dropped else ""
        return f"{self.counts.kind} {trouble or 'OK'}{lost}"

    def check(self) -> None:
        """Raise what broke the thread unexpectedly; a known failure is in `error`."""
        with suppress(SlotClosed):
            self._outcome.get(0)

    def as_json(self) -> dict[str, Any]:
        """Return kind, target, frames, bytes, errors, frames lost to slowness, and latency."""
        target, lost = self._target, int(getattr(self._sink, "lost", 0))
        size = target.stat().st_size if target is not None and target.is_file() else 0
        return {
            "kind": self.counts.kind,
            "target": self.counts.target,
            "frames": self.counts.frames - lost,
            "bytes": size,
            "errors": self.counts.errors,
            "dropped": self.inbox.dropped + lost,
            "latency_ms": self.latency.summary(),
        }

    def end(self) -> None:
        """Take no more pictures; what waits is still written, in the sink's own thread."""
        self.is_ending = True
        self.inbox.close()
        if stop := getattr(self._sink, "stop", None):
            stop()

    def finish(self, timeout_s: float) -> bool:
        """Let the sink write what waits and close; False if it did not manage in time."""
        self.end()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with self._outcome:
            try:
                with self._sink:
                    self._feed()
            except LivecartoonError as error:
                self.error = error
                self.counts.errors += 1
                log.warning("the sink %s stopped: %s", self.counts.kind, error)
                self.inbox.close()

    def _feed(self) -> None:
        with suppress(SlotClosed):
            while True:
                picture = self.inbox.get(POLL_S)
                if picture is None or picture.style is None:  # the bare camera is nobody's business
                    continue
                if self._first_s is None:
                    self._first_s = time.monotonic()
                self._sink.write(picture.styled)
                self.counts.frames += 1
                if picture.source.captured_s is not None:
                    age_s = time.monotonic() - picture.source.captured_s
                    self.latency.add(age_s * 1000)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to save."""

    path: Path
    pixels: Pixels
    texts: Mapping[str, str]


class SnapshotSaver:
    """Compresses snapshots in a thread of its own; `on_saved` hears of each path or failure."""

    def __init__(self, on_saved: Callable[[Path, OutputError | None], None]) -> None:
        self._inbox: Slot[Shot] = Slot(RECORD_QUEUE)
        self._outcome: Slot[None] = Slot()
        self._on_saved = on_saved
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)
        self._thread.start()

    def save(self, shot: Shot) -> None:
        """Queue one picture."""
        self._inbox.put(shot)

    def finish(self, timeout_s: float) -> None:
        """Save what waits, then end."""
        self._inbox.close()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with self._outcome:
            while True:
                shot = self._inbox.get(POLL_S)
                if shot is not None:
                    self._save(shot)

    def _save(self, shot: Shot) -> None:
        problem: OutputError | None = None
        try:
            write_png(shot.path, shot.pixels, shot.texts)
        except OutputError as error:
            problem = error
        self._on_saved(shot.path, problem)
