"""The film in laps: each can be done again, alone or beside others, with the same result."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fractions import Fraction

from livecartoon.errors import LivecartoonError
from livecartoon.jobs.lapwork import CancelledError, Ear, Halt, Outcome
from livecartoon.jobs.reading import Reading
from livecartoon.jobs.stretches import Pieces, before, gaps, rest_of
from livecartoon.sinks.laps import Segment, Stretch


@dataclass(slots=True)
class Tally:
    """What all workers together did."""

    frames: int = 0
    drawn: int = 0
    """These, and those drawn only for what remembers them."""
    busy_s: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problem: LivecartoonError | None = None

    def add(self, busy_s: dict[str, float]) -> None:
        """Add the busy seconds of one worker."""
        for name, seconds in busy_s.items():
            self.busy_s[name] = self.busy_s.get(name, 0.0) + seconds


#: Draws a stretch, here or elsewhere, that comes behind pictures of these times.
Hand = Callable[[Stretch, list[int], Ear], Outcome]
Borrow = Callable[[], AbstractContextManager[Hand]]


class LapRunner:
    """Has the laps drawn that are not done yet, and keeps account of them."""

    def __init__(
        self,
        done: Pieces,
        on_closed: Callable[[Segment, int, bool], None],
        on_frame: Callable[[int, str], None] | None,
        *,
        is_whole: bool,
    ) -> None:
        """`on_closed` gets each piece as an `Ear` does, `on_frame` how many frames were written
        and what sets the pace; `is_whole`: every frame of the file is wanted.
        """
        self.tally = Tally()
        self.done = dict(done)
        self.halt = Halt()
        self._on_closed = on_closed
        self._on_frame = on_frame
        self._is_whole = is_whole
        self._cut: int | None = None
        self._last: Outcome | None = None
        self._lock = threading.Lock()

    def run_serially(self, hand: Hand) -> None:
        """Do the missing laps one after the other."""
        for stretch in gaps(self.done):
            self._run(hand, stretch)

    def run_side_by_side(self, borrow: Borrow, jobs: int, laps: Sequence[int]) -> None:
        """Do the missing ones of `laps`, `jobs` at a time, each worker with a hand of its own.

        `laps`, in order, are all that hold pictures.
        """
        missing = [rest for lap in laps if (rest := rest_of(self.done, lap)) is not None]
        last = rest_of(self.done, laps[-1]) or Stretch(laps[-1] + 1)
        todo = [rest for rest in missing if rest.first < last.first]
        queue = iter([*todo, replace(last, end=None)])  # whose reader sees the file's end

        def work() -> None:
            with borrow() as hand:
                while not self.halt.is_set:
                    with self._lock:
                        stretch = next(queue, None)
                    if stretch is None:
                        return
                    self._run(hand, stretch)

        with ThreadPoolExecutor(jobs, thread_name_prefix="lap") as pool:
            try:
                futures = [pool.submit(work) for _ in range(jobs)]
                wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                self.halt.stop(is_left=True)
                raise
            finally:
                self.halt.stop()
        errors = [e for future in futures if (e := future.exception()) is not None]
        errors.sort(key=lambda error: isinstance(error, CancelledError))
        if errors:
            raise errors[0]

    def _run(self, hand: Hand, stretch: Stretch) -> None:
        outcome = hand(stretch, before(self.done, stretch), _Counter(self))
        with self._lock:
            self.tally.drawn += outcome.drawn
            self.tally.add(outcome.busy_s)
            found = self.tally.warnings
            found += [text for text in outcome.warnings if text not in found]
            if outcome.problem is not None:
                lap = outcome.last_lap if outcome.last_lap is not None else -1
                if self._cut is None or lap < self._cut:
                    self._cut, self.tally.problem = lap, outcome.problem
            if stretch.end is None:
                self._last = outcome

    def close_piece(self, segment: Segment, repeated: int, is_sound: bool) -> None:
        """Take a closed piece."""
        with self._lock:
            self.done[segment.key] = segment
        self._on_closed(segment, repeated, is_sound)

    def count(self, more: int, stage: str) -> None:
        """Hear of more frames, or that there are none yet."""
        with self._lock:
            self.tally.frames += more
            if self._on_frame is not None:
                self._on_frame(self.tally.frames, stage)

    def pieces(self) -> list[Segment]:
        """Return the pieces in order, up to the one in which the source failed."""
        found = [self.done[index] for index in sorted(self.done)]
        if self._cut is None:
            return found
        return [piece for piece in found if piece.index <= max(self._cut, 0)]

    def shortfall(self) -> LivecartoonError | None:
        """Return what is missing of the source, None if nothing is."""
        if self.tally.problem is not None or self._last is None or not self._is_whole:
            return self.tally.problem
        return self._last.judge(sum(len(piece.pts) for piece in self.done.values()))


class _Counter:
    """The ear for one stretch: tells its runner of what is new."""

    def __init__(self, runner: LapRunner) -> None:
        self._runner = runner
        self._told = 0

    def on_closed(self, segment: Segment, repeated: int, is_sound: bool) -> None:
        self._runner.close_piece(segment, repeated, is_sound)

    def on_frames(self, count: int, stage: str) -> None:
        more, self._told = count - self._told, count
        self._runner.count(more, stage)


def laps_shown(reading: Reading, times: Iterable[Fraction], rate: Fraction | None) -> Sequence[int]:
    """Return the laps in which pictures are shown, in order; `times` are those of the source.

    At a constant `rate` there are pictures in every lap.
    """
    ends = reading.end_s
    wanted = {reading.laps.of(at_s) for at_s in times if ends is None or at_s < ends} or {0}
    return sorted(wanted) if rate is None else range(max(wanted) + 1)
