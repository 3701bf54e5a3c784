"""How far a run is, on stderr: a bar, plain lines, JSON lines, or nothing."""

from __future__ import annotations

import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from livecartoon.cli.session import Session
from livecartoon.closing import Closing
from livecartoon.escape import printable

MEAN_S = 10.0
"""Window of the frames-per-second figure."""
STEADY_S = 3.0
"""No forecast before that much has been seen."""
PLAIN_EVERY_S = 10.0
JSON_EVERY_S = 0.5
BAR_WIDTH = 24
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a run; None = not known."""

    t: float
    file: int
    of: int
    frame: int
    frames: int | None
    fps: float
    speed: float | None
    eta: float | None
    stage: str
    """The slowest one, or what is done at the moment."""
    bytes_out: int
    engine: str = ""
    """What draws, in short."""

    @property
    def share(self) -> float | None:
        """Done so far, 0..1."""
        return min(1.0, self.frame / self.frames) if self.frames else None


class Meter:
    """Turns frame counts into a rate and a forecast."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._start_s = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._start_s, 0)])

    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start_s

    def measure(self, frame: int, frames: int | None) -> tuple[float, float | None]:
        """Return (frames per second over the last 10 s, seconds to go or None)."""
        now_s = self._clock()
        self._marks.append((now_s, frame))
        while len(self._marks) > 2 and now_s - self._marks[1][0] > MEAN_S:
            self._marks.popleft()
        first_s, first = self._marks[0]
        fps = (frame - first) / (now_s - first_s) if now_s > first_s else 0.0
        is_steady = now_s - self._start_s >= STEADY_S and fps > 0
        return fps, (max(0, frames - frame) / fps if frames and is_steady else None)


class Status(Closing, ABC):
    """Shows the progress of one run over one or more files; a context manager."""

    every_s = 0.1

    def __init__(self, session: Session, clock: Clock = time.monotonic) -> None:
        self.session = session
        self.engine = ""
        """Short name of what draws."""
        self._clock = clock
        self._last_s = float("-inf")
        self._last_share = 0.0
        self.begin("", 1, 1)

    def begin(self, name: str, file: int, of: int) -> None:
        """Start counting a new file."""
        self.name, self._file, self._of = printable(name), file, of
        self._meter = Meter(self._clock)

    def update(
        self,
        frame: int,
        frames: int | None,
        *,
        seconds: float | None = None,
        stage: str = "",
        bytes_out: int = 0,
    ) -> None:
        """Hear of `frame` of `frames`, at `seconds` of the source; most calls show nothing."""
        elapsed_s = self._meter.elapsed_s()
        fps, eta = self._meter.measure(frame, frames)
        speed = seconds / elapsed_s if seconds and elapsed_s > 0 else None
        progress = Progress(
            round(elapsed_s, 3),
            self._file,
            self._of,
            frame,
            frames,
            round(fps, 2),
            None if speed is None else round(speed, 3),
            None if eta is None else round(eta, 1),
            stage,
            bytes_out,
            self.engine,
        )
        now_s = self._clock()
        if now_s - self._last_s >= self.every_s or self.crossed(progress):
            self._last_s = now_s
            self.show(progress)

    def crossed(self, progress: Progress) -> bool:
        """Whether this moment must be shown although the last one was just now."""
        return False

    @abstractmethod
    def show(self, progress: Progress) -> None:
        """Put it on the screen."""


class NoStatus(Status):
    """Shows nothing."""

    def show(self, progress: Progress) -> None:
        """Do nothing."""


class JsonStatus(Status):
    """One JSON object per line, at most two a second."""

    every_s = JSON_EVERY_S

    def show(self, progress: Progress) -> None:
        """Write one line."""
        click.echo(json.dumps(asdict(progress), allow_nan=False), err=True)


class PlainStatus(Status):
    """A line every 10 s and at each quarter: for logs and screen readers."""

    every_s = PLAIN_EVERY_S

    def begin(self, name: str, file: int, of: int) -> None:
        """Start counting a new file; the first line waits."""
        super().begin(name, file, of)
        self._last_s = self._clock()
        self._last_share = 0.0

    def crossed(self, progress: Progress) -> bool:
        """Whether a quarter of the file was passed."""
        share = progress.share or 0.0
        passed = int(share * 4) > int(self._last_share * 4) and share < 1
        self._last_share = max(share, self._last_share)
        return passed

    def show(self, progress: Progress) -> None:
        """Write one line."""
        click.echo(f"{self.name}: {describe(progress)}", err=True)


class BarStatus(Status):
    """One line that moves, redrawn by rich."""

    def __init__(self, session: Session, clock: Clock = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live

        has_color = session.wants_color(sys.stderr)
        self._console = Console(file=sys.stderr, no_color=not has_color, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._is_unicode = (self._console.encoding or "").lower().startswith("utf")
        super().__init__(session, clock)
        self._live.start()

    def show(self, progress: Progress) -> None:
        """Redraw the line, shortened to the terminal's width."""
        from rich.text import Text

        full, empty = ("━", "─") if self._is_unicode else ("#", "-")
        done = round((progress.share or 0.0) * BAR_WIDTH)
        bar = f"{full * done}{empty * (BAR_WIDTH - done)} " if progress.frames else ""
        room = max(60, self._console.width)
        line = f"{bar}{describe(progress)}"
        name = self.name[: max(0, room - len(line) - 3)]
        self._live.update(Text(f"{name}  {line}"[:room], no_wrap=True), refresh=True)

    def close(self) -> None:
        """Remove the line."""
        self._live.stop()


def describe(progress: Progress) -> str:
    """Say the progress in words; what is not known is left out, never guessed."""
    parts = [f"file {progress.file}/{progress.of}"] if progress.of > 1 else []
    total = f"/{progress.frames}" if progress.frames else ""
    parts.append(f"{progress.frame}{total} frames")
    if progress.share is not None:
        parts.append(f"{progress.share:.0%}")
    parts.append(f"{progress.fps:.1f} fps")
    if progress.speed is not None:
        parts.append(f"{progress.speed:.1f}x")
    parts.append(clock_text(progress.t))
    if progress.eta is not None:
        parts.append(f"{clock_text(progress.eta)} left")
    if progress.bytes_out:
        parts.append(size_text(progress.bytes_out))
    parts += [word for word in (progress.stage, progress.engine) if word]
    return "  ".join(parts)


def clock_text(seconds: float) -> str:
    """Return h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def size_text(count: int) -> str:
    """Return a size in MiB, with a decimal where it is small."""
    mib = count / (1 << 20)
    return f"{mib:.0f} MiB" if mib >= 10 else f"{mib:.1f} MiB"


def open_status(session: Session) -> Status:
    """Return what the user asked for; `auto` is a bar on a terminal, plain lines elsewhere."""
    kind = session.progress
    if kind == "json":
        return JsonStatus(session)
    if kind == "none" or session.verbosity < 0 or (kind == "auto" and session.json):
        return NoStatus(session)
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    if kind == "bar" or (kind == "auto" and is_terminal):
        return BarStatus(session)
    return PlainStatus(session)
