"""Plays any source at the pace of its own timestamps, as if it were a camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from livecartoon.frame import Frame
from livecartoon.sources.base import Source

LONGEST_WAIT_S = 10.0


class Pace:
    """Holds pictures back until their time has come; never makes up for lost time."""

    def __init__(self) -> None:
        self._start_s: float | None = None

    def wait_s(self, seconds: float, now_s: float) -> float:
        """Return how long to wait at `now_s` before showing the picture of time `seconds`."""
        if self._start_s is None:
            self._start_s = now_s - seconds
        wait_s = self._start_s + seconds - now_s
        if not 0 <= wait_s <= LONGEST_WAIT_S:  # late, or a gap not worth sitting through
            self._start_s = now_s - seconds
            return 0.0
        return wait_s


class PacedSource(Source):
    """Yields each frame of a file when its time has come; `is_looped` starts over at the end.

    Takes a way to open the source, not the source: a second round needs a fresh one.
    """

    def __init__(self, open_source: Callable[[], Source], *, is_looped: bool = False) -> None:
        self._open = open_source
        self._is_looped = is_looped
        self._source = open_source()
        self.info = replace(self._source.info, is_live=True)

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames stamped with the moment of their release; pts go on over rounds."""
        offset = 0
        while True:
            last: Frame | None = None
            for frame in self._paced():
                last = replace(frame, pts=frame.pts + offset)
                yield last
            if last is None or not self._is_looped:
                return
            offset = last.pts + (last.duration or self._usual_duration())
            self._source.close()
            self._source = self._open()

    def _paced(self) -> Iterator[Frame]:
        start_s: float | None = None
        for frame in self._source:
            now_s = time.monotonic()
            if start_s is None:
                start_s = now_s - frame.seconds
            wait_s = start_s + frame.seconds - now_s
            if wait_s > LONGEST_WAIT_S:  # a gap in the file is not worth sitting through
                start_s -= wait_s
            elif wait_s > 0:
                time.sleep(wait_s)
            yield replace(frame, captured_s=time.monotonic())

    def _usual_duration(self) -> int:
        """Units of the time base one frame lasts, for a last frame that does not say."""
        rate = self.info.rate
        return max(1, round(1 / (rate * self.info.time_base))) if rate else 1

    def close(self) -> None:
        """Close the source that is playing."""
        self._source.close()
