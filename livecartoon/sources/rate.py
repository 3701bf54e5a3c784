"""A film shown at a constant rate: the nearest frame at every tick, repeated or left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil, lcm

from livecartoon.frame import Frame
from livecartoon.sources.base import Source
from livecartoon.sources.file import FileSource

MAX_TICKS = 2**31 - 1


class RatedSource(Source):
    """Yields frames at `origin_s` + n / `rate`; a repeated one shares its pixels with the first.

    `inner` is closed with it. `from_s` and `until_s` bound the ticks: the part that `inner`
    reads has to reach one frame further on both sides.
    """

    def __init__(
        self,
        inner: FileSource,
        rate: Fraction,
        origin_s: Fraction,
        *,
        from_s: Fraction | None = None,
        until_s: Fraction | None = None,
    ) -> None:
        self.inner = inner
        self._rate = rate
        self._origin_s = origin_s
        self._from_s = from_s
        self._until_s = until_s
        self.time_base = self.tick(rate, origin_s)
        frames = None
        if inner.info.duration_s is not None:
            frames = max(1, round(inner.info.duration_s * rate))
        self.info = replace(inner.info, time_base=self.time_base, rate=rate, frames=frames)

    @staticmethod
    def tick(rate: Fraction, origin_s: Fraction) -> Fraction:
        """Return a time base in which all ticks are whole."""
        ticks = lcm(rate.numerator, origin_s.denominator)
        return Fraction(1, ticks if ticks <= MAX_TICKS else rate.numerator)

    def __iter__(self) -> Iterator[Frame]:
        """Yield a frame for every tick from the first source frame to the end of the last."""
        tick = 0
        if self._from_s is not None:
            tick = max(0, ceil((self._from_s - self._origin_s) * self._rate))
        shown: Frame | None = None
        for frame in self.inner:
            at_s = frame.pts * frame.time_base
            if shown is None:
                first = ceil((at_s - self._origin_s) * self._rate)
                tick = max(tick, first if self._from_s is None else tick)
            else:
                middle_s = (shown.pts * shown.time_base + at_s) / 2
                while self._time(tick) < middle_s:
                    if self._is_over(tick):
                        return
                    yield self._at(tick, shown)
                    tick += 1
            shown = frame
        if shown is not None:
            lasts = (shown.duration or 1 / (self._rate * shown.time_base)) * shown.time_base
            end_s = shown.pts * shown.time_base + lasts
            while self._time(tick) < end_s and not self._is_over(tick):
                yield self._at(tick, shown)
                tick += 1

    def _time(self, tick: int) -> Fraction:
        return self._origin_s + tick / self._rate

    def _is_over(self, tick: int) -> bool:
        return self._until_s is not None and self._time(tick) >= self._until_s

    def _at(self, tick: int, frame: Frame) -> Frame:
        lasts = round(1 / (self._rate * self.time_base))
        return replace(
            frame,
            pts=round(self._time(tick) / self.time_base),
            time_base=self.time_base,
            duration=lasts,
        )

    def close(self) -> None:
        """Close the file."""
        self.inner.close()
