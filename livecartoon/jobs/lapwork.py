"""One stretch of a film drawn in this process: read, stylized and written as pieces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from livecartoon.errors import LivecartoonError
from livecartoon.frame import Frame
from livecartoon.jobs.lapstyle import LapStylize, Stylize
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.reading import file_of, seconds_of
from livecartoon.jobs.report import slowest_stage
from livecartoon.pipeline import RunReport, run
from livecartoon.sinks.laps import Laps, Segment, Stretch
from livecartoon.sinks.segments import SegmentSink
from livecartoon.sources.file import FileSource
from livecartoon.sources.rate import RatedSource

#: Seconds that the encoder has to finish what a stopped run has drawn; the process has five.
CUT_S = 2.0


class CancelledError(Exception):
    """Another worker failed or the user stopped the run."""


class Halt:
    """Tells all who draw a film to end."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.is_left = False
        """Stopped by the user, not by a failure: what is drawn is worth keeping."""

    def stop(self, *, is_left: bool = False) -> None:
        """End it."""
        self.is_left = self.is_left or is_left
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether it is to end."""
        return self._event.is_set()


class Ear(Protocol):
    """Hears how a stretch is getting on."""

    def on_closed(self, segment: Segment, repeated: int, is_sound: bool) -> None:
        """Take a closed piece: how many of its frames were repeated, and whether the source was
        sound so far: the last piece of a damaged file is no whole lap.
        """

    def on_frames(self, count: int, stage: str) -> None:
        """Hear that `count` frames of the stretch are written, and which stage sets the pace;
        "redraw" while there are none.
        """


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stretch, beside its pieces."""

    frames: int
    drawn: int
    """These, and those drawn only for what remembers them."""
    busy_s: dict[str, float]
    warnings: tuple[str, ...]
    problem: LivecartoonError | None
    """Why the source could not be read on."""
    last_lap: int | None
    """The last one a frame was written to."""
    judge: Callable[[int], LivecartoonError | None]
    """Tells what is missing if so many frames are the whole film; its reader saw the end."""


class LapWork:
    """Draws stretches of the film of one plan into a folder."""

    def __init__(self, plan: Plan, folder: Path, halt: Halt) -> None:
        self._plan = plan
        self._reading = plan.reading
        self._folder = folder
        self._halt = halt

    def __call__(
        self, stylize: Stylize, stretch: Stretch, expected: list[int], ear: Ear
    ) -> Outcome:
        """Do a stretch behind pictures of the times `expected`, as `before` tells them; go
        through the whole file where seeking misleads.
        """
        done = self._attempt(stylize, stretch, expected, ear, may_seek=True)
        if done is None:
            done = self._attempt(stylize, stretch, [], ear, may_seek=False)
        assert done is not None
        return done

    def _attempt(
        self,
        stylize: Stylize,
        stretch: Stretch,
        expected: list[int],
        ear: Ear,
        *,
        may_seek: bool,
    ) -> Outcome | None:
        """Do it; None, with nothing done, if what comes before it is not what is `expected`."""
        laps = self._reading.laps
        if hasattr(stylize, "reset"):
            stylize.reset()  # what another stretch left behind is not the past of this one
        tick = self._reading.info.time_base
        check = _RunUpCheck(stretch, laps, [pts * tick for pts in expected])
        started_at = dict(getattr(stylize, "stage_s", {}))
        with self._reading.open(stretch, may_seek=may_seek) as source:
            closed = partial(self._closed, ear, stretch, file_of(source))
            sink = self._plan.open_pieces(self._folder, closed, stretch)

            def look(frame: Frame) -> None:
                if self._halt.is_set:
                    raise CancelledError
                check(frame)

            drawn = LapStylize(stylize, laps, stretch, self._reading.compare, look)
            try:
                with sink, self._ended_where_left(sink):
                    done = run(source, drawn, sink, on_frame=partial(_tell, ear, sink, stylize))
            except _MisledError:
                return None
            spent = spent_since(getattr(stylize, "stage_s", {}), started_at)
            return _outcome(source, sink, done, spent)

    @contextmanager
    def _ended_where_left(self, sink: SegmentSink) -> Iterator[None]:
        """Close the open piece too if the user ends the run: what is drawn is not lost."""
        try:
            yield
        except (KeyboardInterrupt, CancelledError) as error:
            if self._halt.is_left or isinstance(error, KeyboardInterrupt):
                sink.cut(CUT_S)
            raise

    def _closed(self, ear: Ear, stretch: Stretch, opened: FileSource, segment: Segment) -> None:
        begins_s = stretch.cut_s if segment.part else None
        lost = [
            at_s
            for pts in opened.repeated_pts
            if self._reading.laps.of(at_s := pts * opened.time_base) == segment.index
            and (begins_s is None or at_s >= begins_s)
            and (segment.cut_s is None or at_s < segment.cut_s)
        ]
        ear.on_closed(segment, len(lost), opened.problem is None)


def _tell(ear: Ear, sink: SegmentSink, stylize: Stylize, done: RunReport) -> None:
    stage = "redraw"
    if sink.frames:
        stage = slowest_stage(done.busy_s, getattr(stylize, "stage_s", {}))
    ear.on_frames(sink.frames, stage)


def _outcome(
    source: FileSource | RatedSource, sink: SegmentSink, done: RunReport, spent: dict[str, float]
) -> Outcome:
    opened = file_of(source)
    return Outcome(
        frames=sink.frames,
        drawn=done.frames,
        busy_s=done.busy_s | spent,
        warnings=opened.warnings(),
        problem=opened.problem,
        last_lap=sink.last_lap,
        judge=opened.judge(),
    )


def spent_since(now: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Return the busy seconds of a stylizer, which may be older than this run, since `before`."""
    return {name: seconds - before.get(name, 0.0) for name, seconds in now.items()}


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
