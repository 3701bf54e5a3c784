"""A worker of a cluster: one loaded engine, one stretch of a film at a time."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from livecartoon.errors import LivecartoonError
from livecartoon.jobs.cluster.messages import (
    CHUNK,
    Chunk,
    Closed,
    Counted,
    Ended,
    Failed,
    Job,
    Left,
    Message,
    Opened,
    Parcel,
    Task,
    key_of,
)
from livecartoon.jobs.convert import Engines
from livecartoon.jobs.hooks import make_stylizer
from livecartoon.jobs.lapwork import CancelledError, Halt, LapWork
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.report import FileReport
from livecartoon.sinks.laps import Segment

TELL_S = 0.5
"""How often the driver hears of frames."""
WAITING = 4
"""Chunks that may wait for the driver."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who a worker is."""

    host: str
    pid: int
    version: str


class Worker:
    """Draws stretches for a driver; its calls come one after the other, `stop` beside them."""

    def __init__(self, token: str, threads: int) -> None:
        """`token` names the run's folder, which workers of a machine share; `threads` are those
        of the network where the user gave none.
        """
        self._shared = Path(tempfile.gettempdir()) / f"livecartoon-{token}"
        self._own = self._shared / str(os.getpid())
        for folder in (self._shared, self._own):
            folder.mkdir(exist_ok=True, mode=0o700)
        self._threads = threads
        self._places: dict[str, Path] = {}
        self._engines = Engines(make_stylizer)
        self._number, self._halt = -1, Halt()

    def hello(self) -> Hello:
        """Say who is there."""
        from livecartoon import __version__

        return Hello(socket.gethostname(), os.getpid(), __version__)

    def has(self, parcel: Parcel) -> bool:
        """Whether the file is here: at the driver's path, or sent before."""
        if parcel.key not in self._places:
            for path in (parcel.path, self._sent(parcel)):
                if self._is_it(path, parcel):
                    self._places[parcel.key] = path
        return parcel.key in self._places

    @staticmethod
    def _is_it(path: Path, parcel: Parcel) -> bool:
        try:
            return path.is_file() and (path != parcel.path or key_of(path) == parcel.key)
        except OSError:
            return False  # not for this worker's user to read: it will be sent

    def _sent(self, parcel: Parcel) -> Path:
        return self._shared / parcel.key / parcel.path.name

    def take(self, parcel: Parcel, content: bytes, *, is_first: bool, is_last: bool) -> None:
        """Take the next bytes of a file; the first ones replace what an earlier sending left."""
        part = self._own / parcel.key
        with part.open("wb" if is_first else "ab") as file:
            file.write(content)
        if is_last:
            place = self._sent(parcel)
            place.parent.mkdir(exist_ok=True)
            part.replace(place)

    def open(self, job: Job) -> Opened | Failed:
        """Load the engine for a film."""
        try:
            with closing(self._plan(job)) as plan:
                return self._opened(plan)[0]
        except LivecartoonError as error:
            return Failed(error)

    def _plan(self, job: Job) -> Plan:
        options = job.options
        if not options.threads:
            options = replace(options, threads=self._threads)
        if job.style is not None:
            options = replace(options, style=str(self._places[job.style.key]))
        target = Path(job.target)
        report = FileReport(self._places[job.film.key], target)
        return Plan(report, target, options, job.settings, lambda code, text: None)

    def _opened(self, plan: Plan) -> tuple[Opened, object]:
        with self._engines.borrow(plan.reading.info, plan.options) as stylize:
            return Opened(getattr(stylize, "report", None)), stylize

    def draw(self, task: Task) -> Iterator[Message]:
        """Draw a stretch, telling of it; the last message is Ended, Failed or Left."""
        self._number, self._halt = task.number, Halt()
        outbox: queue.Queue[Message] = queue.Queue(WAITING)
        teller = _Teller(self._own, outbox)
        with ThreadPoolExecutor(1, thread_name_prefix="stretch") as pool:
            drawn = pool.submit(self._draw, task, teller)
            while not (drawn.done() and outbox.empty()):
                try:
                    yield outbox.get(timeout=TELL_S)
                except queue.Empty:
                    yield teller.counted
            yield teller.counted
            yield drawn.result()

    def _draw(self, task: Task, teller: _Teller) -> Message:
        try:
            with closing(self._plan(task.job)) as plan:
                info = plan.reading.info
                with self._engines.borrow(info, plan.options) as stylize:
                    teller.outbox.put(Opened(getattr(stylize, "report", None)))
                    started_s = time.perf_counter()
                    work = partial(LapWork(plan, self._own, self._halt), stylize)
                    outcome = work(task.stretch, task.expected, teller)
                    return Ended(outcome, time.perf_counter() - started_s)
        except LivecartoonError as error:
            return Failed(error)
        except CancelledError:
            return Left()

    def stop(self, number: int, *, is_left: bool) -> None:
        """End the task `number`; with what is drawn if the user left."""
        if number == self._number:
            self._halt.stop(is_left=is_left)

    def forget(self, parcel: Parcel) -> None:
        """Drop what was sent of a film that is done."""
        self._places.pop(parcel.key, None)
        (self._own / parcel.key).unlink(missing_ok=True)  # of a sending that broke off
        shutil.rmtree(self._sent(parcel).parent, ignore_errors=True)

    def close(self) -> None:
        """Release the engine and remove this run's folder."""
        self._engines.__exit__()
        shutil.rmtree(self._shared, ignore_errors=True)


class _Teller:
    """The ear of a stretch: sends its pieces on and counts its frames."""

    def __init__(self, folder: Path, outbox: queue.Queue[Message]) -> None:
        self.outbox = outbox
        self.counted = Counted(0, "redraw")
        self._folder = folder

    def on_closed(self, segment: Segment, repeated: int, is_sound: bool) -> None:
        if segment.file:
            path = self._folder / segment.file
            with path.open("rb") as file:
                while content := file.read(CHUNK):
                    self.outbox.put(Chunk(content))
            path.unlink()
        self.outbox.put(Closed(segment, repeated, is_sound))

    def on_frames(self, count: int, stage: str) -> None:
        self.counted = Counted(count, stage)
