"""Frames of a local media file: upright RGB with the file's own time stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

import av
import av.video.frame
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import InputError, LivecartoonError
from livecartoon.frame import Frame, Pixels
from livecartoon.sources import colour
from livecartoon.sources.base import Source
from livecartoon.sources.completeness import Expectation, expectation, shortfall
from livecartoon.sources.decoder import Decoding, PictureDecoder
from livecartoon.sources.description import Fit, describe, fitted, frame_facts
from livecartoon.sources.hdr import tone_map
from livecartoon.sources.media import MEDIA_ERRORS, translate
from livecartoon.sources.part import Part
from livecartoon.sources.shaper import Shaper
from livecartoon.sources.timeline import Timeline

#: The quick conversion is within one code of the exact one and ten times cheaper (0.5 ms for
#: 720p against 6.5): it rounds down.
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
VideoFrame = av.video.frame.VideoFrame


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
        self._part = part or Part()
        self._is_whole = part is None
        self._fit = fit
        self.repeated_pts: list[int] = []
        """Their times."""
        self._reformatter = VideoReformatter()
        self._is_exact = exact_colour
        self._interpolation = EXACT if exact_colour else Interpolation.BILINEAR
        how = Decoding(decode, threads, only_key_frames, outlives_errors=on_error == "repeat")
        self._decoder = PictureDecoder(path, how, self._fail)
        self.time_base = self._decoder.time_base
        try:
            self._describe(hdr, deinterlaces=deinterlace)
            self._shaper = Shaper(path, self._facts, deinterlaces=deinterlace)
            self._go_to_part()
        except BaseException:
            self.close()
            raise

    def _describe(self, hdr: str, *, deinterlaces: bool) -> None:
        container, stream = self._decoder.container, self._decoder.stream
        first = self._decoder.first
        self._facts = frame_facts(first, stream, deinterlaces=deinterlaces)
        if colour.is_hdr(self._facts.transfer) and hdr == "refuse":
            raise InputError(
                "E305", f"{self.path.name} is HDR", "drop --hdr refuse to have it tone-mapped"
            )
        self.info = describe(container, stream, first, self._facts)
        if self._fit is not None:
            self.info = fitted(self.info, self._fit)
        rate = self.info.rate
        self._timeline = Timeline(round(1 / (rate * self.time_base)) if rate else 1)
        self._expected: Expectation = expectation(container, stream)
        self.clock_s = Fraction(container.start_time or 0, av.time_base)
        """Where players show 0:00, on the clock of the time stamps."""

    def _go_to_part(self) -> None:
        """Go to a key frame before the part; from the start where the index is no help."""
        start_s = self._part.start_s
        if start_s is None or start_s <= self.first_s:
            return
        is_there = self._part.may_seek and self._decoder.seek(start_s)
        self.problem = None
        if not is_there:
            self._decoder.reopen()

    @property
    def first_s(self) -> Fraction:
        """Time of the file's first frame, also where a later part is read."""
        return self._decoder.first_s

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
                if self._is_late(stamp) and not self._part.reaches_out:
                    if previous is not None and self._decoder.lost:
                        yield from self._fill(previous, stamp)
                    return
                self.frames += 1
                origin = self._origin(picture)
                pixels = self._pixels(picture)
                frame = Frame(pixels, stamp, self.time_base, duration, origin=origin)
                if previous is not None and self._decoder.lost:
                    yield from self._fill(previous, frame.pts)
                yield frame
                if self._is_late(stamp):
                    return
                previous = frame
        except MEDIA_ERRORS as error:  # the filters and the scaler speak PyAV too
            if not self.frames:
                raise translate(self.path, error) from error
            self._fail(error)
        if previous is not None and self._decoder.lost:
            yield from self._fill(previous, None)
        if self.problem is None and self.frames and self._is_whole:
            self.problem = self.shortfall(self.frames)

    def _wanted(self) -> Iterator[tuple[VideoFrame, int, int]]:
        """Yield pictures from the start of the part on, with time and duration."""
        early: tuple[VideoFrame, int, int] | None = None
        for picture in self._shaper(self._decoder.first, self._decoder):
            stated, duration = self._shaper.times_of(picture, self.time_base)
            found = picture, self._timeline(stated), duration
            if self._part.is_before(found[1] * self.time_base):
                early = found
                continue
            if early is not None and self._part.reaches_out:
                yield early
            early = None
            yield found
        if early is not None and self._part.reaches_out:
            yield early

    def _is_late(self, stamp: int) -> bool:
        return self._part.is_behind(stamp * self.time_base)

    def shortfall(self, frames: int) -> LivecartoonError | None:
        """Return what is missing if `frames` frames were all of the file and this read its end."""
        return self.judge()(frames)

    def judge(self) -> Callable[[int], LivecartoonError | None]:
        """Return what tells the shortfall of so many frames, without this reader."""
        own_s, others_s = self._last_end_s(), self._decoder.end_s
        return partial(
            shortfall, self.path, self._expected, video_end_s=own_s, other_end_s=others_s
        )

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
        lost = self._decoder.lost
        due = sorted(p for p in lost if p > previous.pts and (until is None or p < until))
        due = [pts for pts in due if not self._is_late(pts)]
        self._decoder.lost = [p for p in lost if until is not None and p > until]
        for pts in due:
            self.repeated += 1
            self.repeated_pts.append(pts)
            self.frames += 1
            yield Frame(previous.pixels.copy(), pts, self.time_base, previous.duration)

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
        shaper = self._shaper
        found = [
            (self._timeline.repaired, "{} missing or backward time stamps were repaired"),
            (self.repeated, "{} undecodable frames were replaced by the frame before"),
            (shaper.damaged, "{} frames were damaged; the decoder guessed their missing parts"),
            (shaper.resized, "{} frames had another size and were scaled to the first one's"),
        ]
        return tuple(text.format(count) for count, text in found if count)

    def close(self) -> None:
        """Release the file; twice is harmless."""
        self._decoder.close()
