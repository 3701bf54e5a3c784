"""Frames of a local media file: upright RGB with the file's own time stamps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import av.stream
import av.video.frame
import av.video.stream
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import InputError, LivecartoonError
from livecartoon.frame import Frame, Pixels
from livecartoon.sources import colour, prepare
from livecartoon.sources.base import Source
from livecartoon.sources.completeness import Expectation, expectation, shortfall
from livecartoon.sources.description import Fit, describe, fitted, frame_facts
from livecartoon.sources.hdr import tone_map
from livecartoon.sources.media import MEDIA_ERRORS, check_size, open_media, pick_video, translate
from livecartoon.sources.timeline import Timeline
from livecartoon.threads import thread_budget

log = logging.getLogger(__name__)

#: How far before a wanted time to look for a key frame; where stamps lie, the next one helps.
SEEK_MARGINS_S = (Fraction(1, 2), Fraction(10))

#: Undecodable packets in a row after which a file counts as hopeless.
MAX_BAD_PACKETS = 100
#: The quick conversion is within one code of the exact one and ten times cheaper (0.5 ms for
#: 720p against 6.5): it rounds down.
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
VideoFrame = av.video.frame.VideoFrame


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a film on the clock of its time stamps, in seconds; None = open."""

    start_s: Fraction | None = None
    """The first frame is at or after it."""
    end_s: Fraction | None = None
    """The last frame is before it."""
    may_seek: bool = True
    reaches_out: bool = False
    """Take the frame before and the one behind as well."""


class FileSource(Source):
    """One video stream of one file, read once.

    An undecodable frame ends the iteration (`on_error="abort"`) or is replaced by the one
    before (`"repeat"`). Either way `problem` tells afterwards whether all is there.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_error: Literal["abort", "repeat"] = "abort",
        hdr: Literal["tonemap", "refuse"] = "tonemap",
        deinterlace: bool = True,
        exact_colour: bool = False,
        only_key_frames: bool = False,
        threads: int = 0,
        part: Part | None = None,
        fit: Fit | None = None,
        decode: Literal["cpu", "cuda"] = "cpu",
    ) -> None:
        """`fit` says, for the upright (width, height), which size is wanted."""
        self.path = path
        self.problem: LivecartoonError | None = None
        """Why the frames are not all there; known once the iteration has ended."""
        self.repeated = 0
        """Frames shown again in place of undecodable ones."""
        self.frames = 0
        """Frames yielded so far."""
        self._part = part
        self._fit = fit
        self.repeated_pts: list[int] = []
        """Their times."""
        self._repeats = on_error == "repeat"
        self._deinterlaces = deinterlace
        self._skips: Literal["NONKEY", "DEFAULT"] = "NONKEY" if only_key_frames else "DEFAULT"
        self._reformatter = VideoReformatter()
        self._is_exact = exact_colour
        self._interpolation = EXACT if exact_colour else Interpolation.BILINEAR
        self._lost: list[int] = []
        self._bad = 0
        self._damaged = 0
        self._resized = 0
        self._durations: dict[int, int] = {}
        self._first: VideoFrame
        self._chain: prepare.FilterChain | None = None
        with ExitStack() as stack:
            container = stack.enter_context(open_media(path, decode=decode))
            self._open(container, threads, hdr)
            self._first_s = (self._first.pts or 0) * self.time_base
            if part is not None and part.start_s is not None and part.start_s > self._first_s:
                container = self._sought(stack, container, part, threads, decode)
            self._stack = stack.pop_all()

    def _sought(
        self,
        stack: ExitStack,
        container: av.container.InputContainer,
        part: Part,
        threads: int,
        decode: Literal["cpu", "cuda"],
    ) -> av.container.InputContainer:
        """Go to a key frame before the part; from the start where the index is no help."""
        assert part.start_s is not None
        for margin_s in SEEK_MARGINS_S if part.may_seek else ():
            target_s = part.start_s - margin_s
            if target_s <= self._first_s:
                break
            container.seek(int(target_s / self.time_base), stream=self._stream)
            self._decoder = self._decode()
            first = next(self._decoder, None)
            self.problem = None
            if first and first.pts is not None and first.pts * self.time_base <= part.start_s:
                self._first = first
                return container
        stack.close()
        container = stack.enter_context(open_media(self.path, decode=decode))
        self._open_stream(container, threads)
        return container

    def _open_stream(self, container: av.container.InputContainer, threads: int) -> None:
        stream = pick_video(self.path, container)
        context = stream.codec_context
        if context is None:
            raise InputError(
                "E302", f"{self.path.name}: no decoder for its video", "convert it elsewhere first"
            )
        check_size(self.path, context.width, context.height)
        context.options = {"max_pixels": str(16384 * 16384 // 4)}
        context.thread_type = "SLICE" if self._repeats else "AUTO"  # SLICE: errors name the packet
        context.thread_count = threads or thread_budget().decode
        context.skip_frame = self._skips
        assert stream.time_base
        self.time_base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        self._stream = stream
        self._container = container
        self._decoder = self._decode()
        self._first = self._first_frame()
        check_size(self.path, self._first.width, self._first.height)

    def _open(self, container: av.container.InputContainer, threads: int, hdr: str) -> None:
        self._open_stream(container, threads)
        stream = self._stream
        self._facts = frame_facts(self._first, stream)
        if colour.is_hdr(self._facts.transfer) and hdr == "refuse":
            raise InputError(
                "E305", f"{self.path.name} is HDR", "drop --hdr refuse to have it tone-mapped"
            )
        self.info = describe(container, stream, self._first, self._facts)
        if self._fit is not None:
            self.info = fitted(self.info, self._fit)
        rate = self.info.rate
        self._timeline = Timeline(round(1 / (rate * self.time_base)) if rate else 1)
        self._expected: Expectation = expectation(container, stream)
        self.clock_s = Fraction(container.start_time or 0, av.time_base)
        """Where players show 0:00, on the clock of the time stamps."""

    @property
    def first_s(self) -> Fraction:
        """Time of the file's first frame, also where a later part is read."""
        return self._first_s

    def _first_frame(self) -> VideoFrame:
        frame = next(self._decoder, None)
        if frame is not None:
            return frame
        if self.problem is not None:
            raise InputError(
                "E302",
                f"no frame of {self.path.name} can be decoded",
                "play it first: is the file whole?",
            ) from self.problem
        raise InputError("E302", f"{self.path.name} holds no video frame", "use another file")

    def _decode(self) -> Iterator[VideoFrame]:
        """Yield decoded frames; ends with `self.problem` set where decoding fails for good."""
        self._end_s = 0.0
        try:
            for packet in self._container.demux():
                if packet.stream.index != self._stream.index:  # flush packets: `stream_index` is 0
                    self._note_end(packet)
                    continue
                yield from self._decode_packet(packet)
                if self.problem is not None:
                    return
        except MEDIA_ERRORS as error:
            self._fail(error)

    def _note_end(self, packet: av.Packet[av.stream.Stream]) -> None:
        if packet.pts is not None and packet.time_base:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            self._end_s = max(self._end_s, end)

    def _decode_packet(self, packet: av.Packet[av.stream.Stream]) -> Iterator[VideoFrame]:
        try:
            frames = packet.decode()
        except MEDIA_ERRORS as error:
            self._bad += 1
            if not self._repeats or self._bad > MAX_BAD_PACKETS:
                self._fail(error)
            elif packet.pts is not None:
                self._lost.append(packet.pts)
            return
        for frame in frames:
            assert isinstance(frame, VideoFrame)
            self._bad = 0
            yield frame

    def _fail(self, error: Exception) -> None:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        stated = self.info.frames if self.frames else None
        self.problem = InputError(
            "E306",
            f"{self.path.name}: decoding failed at frame {self.frames + 1}"
            f"{f' of {stated}' if stated else ''} ({said})",
            "--on-error repeat goes on past damaged frames",
        )
        self.problem.__cause__ = error

    def __iter__(self) -> Iterator[Frame]:
        previous: Frame | None = None
        try:
            for picture, stamp, duration in self._wanted():
                if self._is_late(stamp) and not self._reaches_out:
                    if previous is not None and self._lost:
                        yield from self._fill(previous, stamp)
                    return
                self.frames += 1
                origin = self._origin(picture)
                pixels = self._pixels(picture)
                frame = Frame(pixels, stamp, self.time_base, duration, origin=origin)
                if previous is not None and self._lost:
                    yield from self._fill(previous, frame.pts)
                yield frame
                if self._is_late(stamp):
                    return
                previous = frame
        except MEDIA_ERRORS as error:  # the filters and the scaler speak PyAV too
            if not self.frames:
                raise translate(self.path, error) from error
            self._fail(error)
        if previous is not None and self._lost:
            yield from self._fill(previous, None)
        if self.problem is None and self.frames and self._part is None:
            self.problem = self.shortfall(self.frames)

    def _wanted(self) -> Iterator[tuple[VideoFrame, int, int]]:
        """Yield pictures from the start of the part on, with time and duration."""
        early: tuple[VideoFrame, int, int] | None = None
        for picture in self._prepared():
            found = (picture, *self._stamp(picture))
            if self._is_early(found[1]):
                early = found
                continue
            if early is not None and self._reaches_out:
                yield early
            early = None
            yield found
        if early is not None and self._reaches_out:
            yield early

    @property
    def _reaches_out(self) -> bool:
        return self._part is not None and self._part.reaches_out

    def _is_early(self, stamp: int) -> bool:
        """Whether a picture lies before the wanted part."""
        start_s = self._part.start_s if self._part else None
        return start_s is not None and stamp * self.time_base < start_s

    def _is_late(self, stamp: int) -> bool:
        """Whether a picture lies behind the wanted part."""
        end_s = self._part.end_s if self._part else None
        return end_s is not None and stamp * self.time_base >= end_s

    def shortfall(self, frames: int) -> LivecartoonError | None:
        """Return what is missing if `frames` frames were all of the file and this read its end."""
        return shortfall(self.path, self._expected, frames, self._last_end_s(), self._end_s)

    @property
    def played_s(self) -> float:
        """Seconds from the first frame yielded to the end of the last one so far."""
        first = self._timeline.first
        return self._last_end_s() - float(first * self.time_base) if first is not None else 0.0

    def _last_end_s(self) -> float:
        last = self._timeline.last or 0
        return float((last + self._timeline.nominal) * self.time_base)

    def _fill(self, previous: Frame, until: int | None) -> Iterator[Frame]:
        """Yield `previous` again at the times of the frames lost before `until`."""
        due = sorted(p for p in self._lost if p > previous.pts and (until is None or p < until))
        due = [pts for pts in due if not self._is_late(pts)]
        self._lost = [p for p in self._lost if until is not None and p > until]
        for pts in due:
            self.repeated += 1
            self.repeated_pts.append(pts)
            self.frames += 1
            yield Frame(previous.pixels.copy(), pts, self.time_base, previous.duration)

    def _prepared(self) -> Iterator[VideoFrame]:
        """Yield frames after de-interlacing and turning upright, flushed at the end."""
        filters = self._facts.filters
        if filters:
            self._chain = prepare.FilterChain(self._first, self._all_filters(self._first))
        yield from self._through(self._first)
        for frame in self._decoder:
            yield from self._through(frame)
        if self._chain is not None:
            yield from self._chain(None)

    def _all_filters(self, frame: VideoFrame) -> prepare.Filters:
        weaves = self._deinterlaces and (frame.interlaced_frame or self._facts.is_interlaced)
        return (prepare.BWDIF if weaves else ()) + self._facts.filters

    def _through(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        if getattr(frame, "is_corrupt", False):
            self._damaged += 1
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
        self._resized += resized
        check_size(self.path, frame.width, frame.height)
        scaled = VideoReformatter().reformat(
            frame, width=first.width, height=first.height, format=first.format.name, threads=1
        )
        scaled.pts, scaled.time_base = frame.pts, frame.time_base
        return scaled

    def _stamp(self, picture: VideoFrame) -> tuple[int, int]:
        """Return time and duration of a picture in the stream's time base."""
        stated = picture.pts if picture.pts is not None else picture.dts
        duration = picture.duration or 0
        own = picture.time_base  # the filters count finer
        ticks = Fraction(own.numerator, own.denominator) / self.time_base if own else Fraction(1)
        if stated is not None and ticks != 1:
            stated = int(stated * ticks)
            duration = 0
        if stated is not None:
            duration = self._durations.pop(stated, duration)
        return self._timeline(stated), duration

    def _origin(self, picture: VideoFrame) -> VideoFrame | None:
        """Return the picture itself where the same is wanted again, in the wanted size."""
        is_same = (picture.width, picture.height) == (self.info.width, self.info.height)
        is_exact = self._is_exact and is_same and not colour.is_hdr(self._facts.transfer)
        return picture if is_exact else None

    def _pixels(self, picture: VideoFrame) -> Pixels:
        facts = self._facts
        picture.colorspace = facts.matrix
        picture.color_range = facts.color_range
        is_hdr = colour.is_hdr(facts.transfer)
        rgb = self._reformatter.reformat(
            picture,
            width=self.info.width,
            height=self.info.height,
            format="rgb48le" if is_hdr else "rgb24",
            interpolation=self._interpolation,
            dst_color_range=colour.RANGE_FULL,
            threads=1,
        )
        if is_hdr:
            return tone_map(np.asarray(rgb.to_ndarray(), dtype=np.uint16), facts.transfer)
        return np.ascontiguousarray(rgb.to_ndarray(), dtype=np.uint8)

    def warnings(self) -> tuple[str, ...]:
        """Return what there was to repair on the way, one sentence each; call it at the end."""
        found = [
            (self._timeline.repaired, "{} missing or backward time stamps were repaired"),
            (self.repeated, "{} undecodable frames were replaced by the frame before"),
            (self._damaged, "{} frames were damaged; the decoder guessed their missing parts"),
            (self._resized, "{} frames had another size and were scaled to the first one's"),
        ]
        return tuple(text.format(count) for count, text in found if count)

    def close(self) -> None:
        """Release the file; twice is harmless."""
        self._stack.close()
