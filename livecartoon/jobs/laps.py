"""The film in laps: each can be done again, alone or beside others, with the same result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

from livecartoon.errors import LivecartoonError
from livecartoon.frame import Frame
from livecartoon.jobs.lapstyle import LapStylize, Stylize
from livecartoon.jobs.reading import Reading, file_of, problem_of, seconds_of
from livecartoon.jobs.report import slowest_stage
from livecartoon.jobs.stretches import Pieces, before, gaps, rest_of
from livecartoon.pipeline import RunReport, run
from livecartoon.sinks.laps import Laps, Segment, Stretch
from livecartoon.sinks.segments import SegmentSink
from livecartoon.sources.file import FileSource
from livecartoon.sources.rate import RatedSource

#: Seconds that the encoder has to finish what a stopped run has drawn; the process has five.
CUT_S = 2.0


class _CancelledError(Exception):
    """Another worker failed or the user stopped the run."""


@dataclass(slots=True)
class Tally:
    """What all workers together did."""

    frames: int = 0
    drawn: int = 0
    """These, and those drawn only for what remembers them."""
    busy_s: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problem: LivecartoonError | None = None

    def add_since(self, now: dict[str, float], before: dict[str, float]) -> None:
        """Add what a stylizer that may be older than this run spent since `before`."""
        self.add({name: seconds - before.get(name, 0.0) for name, seconds in now.items()})

    def add(self, busy_s: dict[str, float]) -> None:
        """Add the busy seconds of one worker."""
        for name, seconds in busy_s.items():
            self.busy_s[name] = self.busy_s.get(name, 0.0) + seconds


MakeSink = Callable[[Callable[[Segment], None], Stretch], SegmentSink]
Borrow = Callable[[], AbstractContextManager[Stylize]]


class LapRunner:
    """Reads, stylizes and writes the laps that are not done yet."""

    def __init__(
        self,
        reading: Reading,
        make_sink: MakeSink,
        done: Pieces,
        on_closed: Callable[[Segment, int, bool], None],
        on_frame: Callable[[int, str], None] | None,
    ) -> None:
        """`on_frame` gets how many frames were written and what sets the pace; `on_closed` each
        piece, how many of its frames were repeated, and whether the source was sound so far: the
        last piece of a damaged file is no whole lap.
        """
        self.tally = Tally()
        self.done = dict(done)
        self._reading = reading
        self._make_sink = make_sink
        self._on_closed = on_closed
        self._on_frame = on_frame
        self._cut: int | None = None
        self._last: FileSource | RatedSource | None = None
        self._lock = threading.Lock()
        self._is_stopped = threading.Event()
        self._is_left = False
        """Stopped by the user, not by a failure."""

    def run_serially(self, stylize: Stylize) -> None:
        """Do the missing laps one after the other."""
        for stretch in gaps(self.done):
            self._run(stylize, stretch)

    def run_side_by_side(self, borrow: Borrow, jobs: int, laps: Sequence[int]) -> None:
        """Do the missing ones of `laps`, `jobs` at a time, each worker with its own engine.

        `laps`, in order, are all that hold pictures.
        """
        missing = [rest for lap in laps if (rest := rest_of(self.done, lap)) is not None]
        last = rest_of(self.done, laps[-1]) or Stretch(laps[-1] + 1)
        todo = [rest for rest in missing if rest.first < last.first]
        queue = iter([*todo, replace(last, end=None)])  # whose reader sees the file's end

        def work() -> None:
            with borrow() as stylize:
                while not self._is_stopped.is_set():
                    with self._lock:
                        stretch = next(queue, None)
                    if stretch is None:
                        return
                    self._run(stylize, stretch)

        with ThreadPoolExecutor(jobs, thread_name_prefix="lap") as pool:
            try:
                futures = [pool.submit(work) for _ in range(jobs)]
                wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                self._is_left = True
                raise
            finally:
                self._is_stopped.set()
        errors = [e for future in futures if (e := future.exception()) is not None]
        errors.sort(key=lambda error: isinstance(error, _CancelledError))
        if errors:
            raise errors[0]

    def _run(self, stylize: Stylize, stretch: Stretch) -> None:
        """Do a stretch; go through the whole file where seeking misleads."""
        expected = before(self.done, stretch)
        if not self._attempt(stylize, stretch, expected, may_seek=True):
            self._attempt(stylize, stretch, [], may_seek=False)

    def _attempt(
        self, stylize: Stylize, stretch: Stretch, expected: list[int], *, may_seek: bool
    ) -> bool:
        """Do it; False, with nothing done, if what comes before it is not what is `expected`."""
        laps = self._reading.laps
        if hasattr(stylize, "reset"):
            stylize.reset()  # what another stretch left behind is not the past of this one
        tick = self._reading.info.time_base
        check = _RunUpCheck(stretch, laps, [pts * tick for pts in expected])
        started_at = dict(getattr(stylize, "stage_s", {}))
        with self._reading.open(stretch, may_seek=may_seek) as source:
            sink = self._make_sink(partial(self._closed, file_of(source)), stretch)

            def look(frame: Frame) -> None:
                if self._is_stopped.is_set():
                    raise _CancelledError
                check(frame)

            drawn = LapStylize(stylize, laps, stretch, self._reading.compare, look)

            try:
                with sink, self._ended_where_left(sink):
                    done = run(source, drawn, sink, on_frame=partial(self._count, sink, stylize))
            except _MisledError:
                return False
            self._finish(sink, done, stylize, started_at)
            self._judge(source, sink, stretch.end)
        return True

    @contextmanager
    def _ended_where_left(self, sink: SegmentSink) -> Iterator[None]:
        """Close the open piece too if the user ends the run: what is drawn is not lost."""
        try:
            yield
        except (KeyboardInterrupt, _CancelledError) as error:
            if self._is_left or isinstance(error, KeyboardInterrupt):
                sink.cut(CUT_S)
            raise

    def _closed(self, opened: FileSource, segment: Segment) -> None:
        with self._lock:
            earlier = self.done.get((segment.index, segment.part - 1))
            self.done[segment.key] = segment
        begins_s = earlier.cut_s if earlier is not None else None
        lost = [
            at_s
            for pts in opened.repeated_pts
            if self._reading.laps.of(at_s := pts * opened.time_base) == segment.index
            and (begins_s is None or at_s >= begins_s)
            and (segment.cut_s is None or at_s < segment.cut_s)
        ]
        self._on_closed(segment, len(lost), opened.problem is None)

    def _count(self, sink: SegmentSink, stylize: Stylize, report: RunReport) -> None:
        if self._on_frame is None:
            return
        stage = "redraw"
        if sink.frames:
            stage = slowest_stage(report.busy_s, getattr(stylize, "stage_s", {}))
        with self._lock:
            self.tally.frames += sink.frames - sink.told
            sink.told = sink.frames
            self._on_frame(self.tally.frames, stage)

    def _finish(
        self,
        sink: SegmentSink,
        done: RunReport,
        stylize: Stylize,
        before: dict[str, float],
    ) -> None:
        with self._lock:
            self.tally.frames += sink.frames - sink.told
            sink.told = sink.frames
            self.tally.drawn += done.frames
            self.tally.add(done.busy_s)
            self.tally.add_since(getattr(stylize, "stage_s", {}), before)

    def _judge(self, source: FileSource | RatedSource, sink: SegmentSink, end: int | None) -> None:
        """Note what the source had to say; whether it is whole, the last lap knows."""
        opened = file_of(source)
        with self._lock:
            self.tally.warnings += [w for w in opened.warnings() if w not in self.tally.warnings]
            if opened.problem is not None:
                lap = sink.last_lap if sink.last_lap is not None else -1
                if self._cut is None or lap < self._cut:
                    self._cut, self.tally.problem = lap, opened.problem
            if end is None:
                self._last = source

    def pieces(self) -> list[Segment]:
        """Return the pieces in order, up to the one in which the source failed."""
        found = [self.done[index] for index in sorted(self.done)]
        if self._cut is None:
            return found
        return [piece for piece in found if piece.index <= max(self._cut, 0)]

    def shortfall(self) -> LivecartoonError | None:
        """Return what is missing of the source, None if nothing is."""
        if self.tally.problem is not None or self._last is None:
            return self.tally.problem
        frames = sum(len(piece.pts) for piece in self.done.values())
        return problem_of(self._last, frames, is_whole=self._reading.is_whole)


class _MisledError(Exception):
    """After a seek other frames came than before it."""


class _RunUpCheck:
    """Compares the times of what is drawn before a stretch with those of the pieces before it."""

    def __init__(self, stretch: Stretch, laps: Laps, times: list[Fraction]) -> None:
        """`times` are those of the pieces; without any, everything is right."""
        self._begins_s = stretch.begins(laps)
        self._expected: list[Fraction] | None = None
        if times:
            self._from_s = max(stretch.drawn_from(laps), times[0])  # they may begin later
            self._expected = [at_s for at_s in times if at_s >= self._from_s]
        self._seen: list[Fraction] = []

    def __call__(self, frame: Frame) -> None:
        """Take a frame; at the stretch's first one, raise if other ones came before it."""
        if self._expected is None:
            return
        at_s = seconds_of(frame)
        if at_s >= self._begins_s:
            expected, self._expected = self._expected, None
            if self._seen != expected:
                raise _MisledError
        elif at_s >= self._from_s:
            self._seen.append(at_s)


def laps_shown(reading: Reading, times: Iterable[Fraction], rate: Fraction | None) -> Sequence[int]:
    """Return the laps in which pictures are shown, in order; `times` are those of the source.

    At a constant `rate` there are pictures in every lap.
    """
    ends = reading.end_s
    wanted = {reading.laps.of(at_s) for at_s in times if ends is None or at_s < ends} or {0}
    return sorted(wanted) if rate is None else range(max(wanted) + 1)
