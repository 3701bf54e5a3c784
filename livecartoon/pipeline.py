"""The loop for files: decode, stylize and encode side by side, in order, nothing dropped."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from livecartoon.frame import Frame
from livecartoon.opencv import callers_threads_only
from livecartoon.sinks.base import Sink
from livecartoon.sources.base import Source, VideoInfo

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Stylize = Callable[[Frame], Frame]
QUEUED_BYTES = 256 << 20
"""What frames between the stages may take."""
DEEPEST = 3
"""Frames between two stages: more smooth nothing."""
POLL_S = 0.1
"""How soon a waiting thread notices that another one failed."""


@runtime_checkable
class Staged(Protocol):
    """A stylizer in two halves, each of which may have a thread of its own."""

    def draw(self, frame: Frame) -> Any:  # noqa: ANN401  whatever `steady` takes
        """Run the network."""
        ...

    def complete(self, drawn: Any) -> None:  # noqa: ANN401
        """Do what `draw` left for `steady` to do: the thread of `draw` has time."""
        ...

    def steady(self, drawn: Any) -> Frame:  # noqa: ANN401
        """Run the anti-flicker on what `draw` returned, in its order."""
        ...


@dataclass(slots=True)
class RunReport:
    """What a finished run did."""

    frames: int = 0
    seconds: float = 0.0
    busy_s: dict[str, float] = field(
        default_factory=lambda: {"decode": 0.0, "stylize": 0.0, "encode": 0.0}
    )
    """Seconds each stage worked, waiting not counted; they overlap."""


class _StoppedError(Exception):
    """Another stage failed; this one ends quietly."""


class _Lane(Generic[Item]):
    """A bounded queue between two stages that gives up when the run stops."""

    def __init__(self, depth: int, stop: threading.Event) -> None:
        self.queue: queue.Queue[Item | None] = queue.Queue(depth)
        self.stop = stop

    @property
    def is_full(self) -> bool:
        """Whether `put` would wait now."""
        return self.queue.full()

    def put(self, item: Item | None) -> None:
        while not self.stop.is_set():
            try:
                self.queue.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return
        raise _StoppedError

    def __iter__(self) -> Iterator[Item]:
        while not self.stop.is_set():
            try:
                item = self.queue.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item
        raise _StoppedError


def run(
    source: Source,
    stylize: Stylize | Staged,
    sink: Sink,
    *,
    on_frame: Callable[[RunReport], None] | None = None,
) -> RunReport:
    """Write every frame of `source`, stylized, to `sink`; neither is closed here.

    Decoding, encoding and the second half of a staged stylizer run in threads of their own,
    stylizing in the caller's, so that an engine bound to a thread or a Ctrl-C finds it there.
    `on_frame` sees the report so far after each written frame, in the encoding thread. The first
    failure of any stage is raised here, after the other stages have stopped; a Ctrl-C, after
    what was drawn by then is written.
    """
    stages = _Stages(lane_depth(source.info))
    report = stages.report
    draw_one, steady_one, complete = _halves(stylize)
    after: _Lane[Any] = stages.drawn if steady_one else stages.styled

    def decode() -> None:
        for frame in _timed(source, report):
            stages.decoded.put(frame)
        stages.decoded.put(None)

    def draw() -> None:
        try:
            _map(stages.decoded, draw_one, after, report, complete)
        except KeyboardInterrupt as error:
            stages.failures.append(error)
            stages.no_more.set()
            after.put(None)  # the stages behind finish what is on its way

    def steady() -> None:
        if steady_one:
            _map(stages.drawn, steady_one, stages.styled)

    def encode() -> None:
        for frame in stages.styled:
            with _busy(report, "encode"):
                sink.write(frame)
            report.frames += 1
            if on_frame is not None:
                on_frame(report)

    stages.run_all(draw, beside=(decode, steady, encode))
    return report


def lane_depth(info: VideoInfo) -> int:
    """Return how many frames may wait ahead of the network, and behind it."""
    return max(1, min(DEEPEST, QUEUED_BYTES // (2 * 3 * info.width * info.height)))


Halves = tuple[Callable[[Any], Any], Callable[[Any], Any] | None, Callable[[Any], None] | None]


def _halves(stylize: Stylize | Staged) -> Halves:
    """What runs in the caller's thread, what behind it in one of its own, what in either."""
    if isinstance(stylize, Staged):
        return stylize.draw, stylize.steady, stylize.complete
    return stylize, None, None


class _Stages:
    """Runs the stages side by side and carries the first failure out."""

    def __init__(self, depth: int) -> None:
        self.stop = threading.Event()
        self.no_more = threading.Event()
        """The source's frames are wanted no longer."""
        self.decoded: _Lane[Frame] = _Lane(depth, self.no_more)
        self.drawn: _Lane[Any] = _Lane(1, self.stop)
        self.styled: _Lane[Frame] = _Lane(depth, self.stop)
        self.report = RunReport()
        self.failures: list[BaseException] = []

    def run_all(self, here: Callable[[], None], beside: tuple[Callable[[], None], ...]) -> None:
        started = time.perf_counter()
        threads = [threading.Thread(target=self._guarded, args=(stage,)) for stage in beside]
        with callers_threads_only():
            self._run_all(here, threads)
        if self.failures:
            raise self.failures[0]
        self.report.seconds = time.perf_counter() - started

    def _run_all(self, here: Callable[[], None], threads: list[threading.Thread]) -> None:
        try:
            for thread in threads:
                thread.start()
            self._guarded(here)
            self._wait(threads)
        except KeyboardInterrupt:  # once more, or before there was anything: write nothing
            self._fail()
            _join([thread for thread in threads if thread.ident is not None])
            raise

    def _wait(self, threads: list[threading.Thread]) -> None:
        try:
            _join(threads)
        except KeyboardInterrupt as error:
            if self.failures:
                log.warning("stopped while it failed: %s", self.failures[0])
                raise
            self.failures.append(error)  # all is drawn: let it be written
            _join(threads)

    def _guarded(self, stage: Callable[[], None]) -> None:
        try:
            stage()
        except _StoppedError:
            pass
        except BaseException as error:
            if self.failures:  # which is the one that is raised
                log.warning("another stage failed too: %s", error, exc_info=error)
            self.failures.append(error)
            self._fail()

    def _fail(self) -> None:
        self.stop.set()
        self.no_more.set()


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _map(
    taken: Iterable[Any],
    work: Callable[[Any], Any],
    given: _Lane[Any],
    report: RunReport | None = None,
    complete: Callable[[Any], None] | None = None,
) -> None:
    """Pass everything from lane to lane, in order; the first half's time goes to `report`."""
    for item in taken:
        with _busy(report, "stylize") if report else nullcontext():
            made = work(item)
            if complete is not None and given.is_full:
                complete(made)
        given.put(made)
    given.put(None)


@contextmanager
def _busy(report: RunReport, stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    report.busy_s[stage] += time.perf_counter() - started


def _timed(source: Source, report: RunReport) -> Iterator[Frame]:
    """The source's frames, its working time added to `report`."""
    frames = iter(source)
    while True:
        with _busy(report, "decode"):
            frame = next(frames, None)
        if frame is None:
            return
        yield frame
