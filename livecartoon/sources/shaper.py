"""Decoded pictures made alike: progressive, upright, all of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av.video.frame
from av.video.reformatter import VideoReformatter

from livecartoon.sources import prepare
from livecartoon.sources.description import FrameFacts
from livecartoon.sources.media import check_size

VideoFrame = av.video.frame.VideoFrame


class Shaper:
    """De-interlaces and turns upright where that is called for; counts what it had to mend."""

    def __init__(self, path: Path, facts: FrameFacts, *, deinterlaces: bool) -> None:
        """`facts` are those of the first picture."""
        self._path = path
        self._facts = facts
        self._deinterlaces = deinterlaces
        self._durations: dict[int, int] = {}
        self._chain: prepare.FilterChain | None = None
        self._first: VideoFrame
        self.damaged = 0
        """Pictures of which the decoder guessed parts."""
        self.resized = 0
        """Pictures of another size than the first."""

    def __call__(self, first: VideoFrame, others: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Yield `first` and the others, flushed at the end."""
        self._first = first
        if self._facts.filters:
            self._chain = prepare.FilterChain(first, self._all_filters(first))
        yield from self._through(first)
        for frame in others:
            yield from self._through(frame)
        if self._chain is not None:
            yield from self._chain(None)

    def _all_filters(self, frame: VideoFrame) -> prepare.Filters:
        weaves = self._deinterlaces and (frame.interlaced_frame or self._facts.is_interlaced)
        return (prepare.BWDIF if weaves else ()) + self._facts.filters

    def _through(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        if getattr(frame, "is_corrupt", False):
            self.damaged += 1
        frame = self._same_shape(frame)
        if self._chain is None and frame.interlaced_frame and self._deinterlaces:
            self._chain = prepare.FilterChain(frame, self._all_filters(frame))
        if self._chain is None:
            yield frame
            return
        if frame.pts is not None and frame.duration:
            self._durations[frame.pts] = frame.duration
        yield from self._chain(frame)

    def _same_shape(self, frame: VideoFrame) -> VideoFrame:
        first = self._first
        resized = (frame.width, frame.height) != (first.width, first.height)
        if not resized and (self._chain is None or frame.format.name == first.format.name):
            return frame
        self.resized += resized
        check_size(self._path, frame.width, frame.height)
        scaled = VideoReformatter().reformat(
            frame, width=first.width, height=first.height, format=first.format.name, threads=1
        )
        scaled.pts, scaled.time_base = frame.pts, frame.time_base
        return scaled

    def times_of(self, picture: VideoFrame, time_base: Fraction) -> tuple[int | None, int]:
        """Return when a picture of ours is shown, as far as it says, and for how long."""
        stated = picture.pts if picture.pts is not None else picture.dts
        duration = picture.duration or 0
        own = picture.time_base  # the filters count finer
        ticks = Fraction(own.numerator, own.denominator) / time_base if own else Fraction(1)
        if stated is not None and ticks != 1:
            stated = int(stated * ticks)
            duration = 0
        if stated is not None:
            duration = self._durations.pop(stated, duration)
        return stated, duration
