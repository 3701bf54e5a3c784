"""Threads behind the live picture: one per sink, and one that saves snapshots."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.frame import Frame, Pixels
from livecartoon.jobs.live.worker import Picture
from livecartoon.sinks.base import Sink
from livecartoon.sinks.snapshot import write_png
from livecartoon.slot import Slot, SlotClosed
from livecartoon.sources.base import VideoInfo

log = logging.getLogger(__name__)
RECORD_QUEUE = 8
POLL_S = 0.2
RECORD_OPTIONS = {"rc-lookahead": "10", "bf": "0", "g": "30"}
"""A crash loses what the encoder still looks ahead at and the open fragment: both are short.
Without B-frames a fragmented mp4 starts at time zero; with them it starts two frames late."""


class Recording(Sink):
    """A video file with true capture times, readable up to the last seconds after a crash.

    It is written as NAME.partial.SUFFIX and gets its name when it is finished.
    """

    def __init__(self, path: Path, info: VideoInfo, *, overwrite: bool) -> None:
        from livecartoon.sinks.encoder import EncoderSettings
        from livecartoon.sinks.file import FileSink

        if path.exists() and not overwrite:
            raise OutputError("E401", f"{path} exists", "-y to overwrite", "another --record FILE")
        self._path = path
        self._part = free_partial(path)
        settings = EncoderSettings(preset="superfast", crf=20, extra=RECORD_OPTIONS)
        self._file = FileSink(self._part, info, settings, is_fragmented=True)
        self._first_pts: int | None = None
        self._is_open = True

    def write(self, frame: Frame) -> None:
        """Encode one frame; the first one is at time zero."""
        if self._first_pts is None:
            self._first_pts = frame.pts
        self._file.write(replace(frame, pts=frame.pts - self._first_pts))

    def close(self) -> None:
        """Finish the file and give it its name; a recording without a frame leaves nothing."""
        if not self._is_open:
            return
        self._is_open = False
        self._file.close()
        if self._first_pts is None:
            self._part.unlink(missing_ok=True)
        else:
            self._part.replace(self._path)

    def abort(self) -> None:
        """Keep what is playable under the partial name."""
        self._is_open = False
        self._file.abort()


def free_partial(path: Path) -> Path:
    """Return a name to write to beside `path` that holds nothing: a crash may have left one."""
    part = path.with_name(f"{path.stem}.partial{path.suffix}")
    number = 2
    while part.exists():
        part = path.with_name(f"{path.stem}.partial-{number}{path.suffix}")
        number += 1
    return part


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
    def state(self) -> str:
        """Kind and state in words."""
        return f"{self.counts.kind} {'FAILED' if self.error else 'OK'}"

    def check(self) -> None:
        """Raise what broke the thread unexpectedly; a known failure is in `error`."""
        with suppress(SlotClosed):
            self._outcome.get(0)

    def as_json(self) -> dict[str, Any]:
        """Return kind, target, frames, bytes, errors, and frames lost to slowness."""
        target = self._target
        size = target.stat().st_size if target is not None and target.is_file() else 0
        return {
            "kind": self.counts.kind,
            "target": self.counts.target,
            "frames": self.counts.frames,
            "bytes": size,
            "errors": self.counts.errors,
            "dropped": self.inbox.dropped,
        }

    def finish(self, timeout_s: float) -> bool:
        """Let the sink write what waits and close; False if it did not manage in time."""
        self.inbox.close()
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
