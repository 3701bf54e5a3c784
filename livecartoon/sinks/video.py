"""Frames turned into packets of one video stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction

import av
import av.codec.codec
import av.container
import av.logging
import av.video.codeccontext
import av.video.frame
import av.video.stream
import numpy as np
from av.codec.context import Flags
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import OutputError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.encoder import (
    NESTED,
    EncoderSettings,
    encoder_of,
    encoder_options,
    pix_fmt_of,
)
from livecartoon.sinks.tracks import Packet
from livecartoon.sources.base import VideoInfo
from livecartoon.threads import thread_budget

MATRIX_CODES = {"bt601": 6, "bt709": 1, "bt2020": 9}
HEVC = ("libx265", "hevc_nvenc", "hevc_qsv")
#: Planes of 8 bits -> the same with 10, from which the scaler rounds by an ordered 8x8 pattern of
#: half a code both ways. From RGB it rounds alike everywhere: 256 levels to 220 make bands.
DEEPER = {"yuv420p": "yuv420p10le", "yuv422p": "yuv422p10le", "yuv444p": "yuv444p10le"}
#: A time stamp an AVI moved by more than this share of a frame is reported.
MOVED = Fraction(1, 10)


def tick_of(info: VideoInfo, muxer: str) -> Fraction:
    """Return the time base to encode with: the source's, but AVI counts whole frames."""
    if muxer == "avi" and info.rate:
        return 1 / info.rate
    return info.time_base


class VideoEncoder:
    """One video stream of a container that is not started yet, and its open encoder."""

    def __init__(
        self,
        container: av.container.OutputContainer,
        muxer: str,
        info: VideoInfo,
        settings: EncoderSettings,
        *,
        from_zero: bool = False,
    ) -> None:
        """`muxer` is the container of the final file, whatever `container` is.

        `from_zero`: packets count from the first frame, whose time is kept in `origin`.
        """
        self.name = encoder_of(settings.codec, muxer)
        self.time_base = tick_of(info, muxer)
        self.moved = 0
        """Time stamps the container could not keep (AVI only)."""
        self._info = info
        self._settings = settings
        self._has_reordering = muxer != "avi"
        self._reformatter = VideoReformatter()
        self._rounding = VideoReformatter()
        self._durations: dict[int, int] = {}
        self.origin: int | None = None if from_zero else 0
        """Time of the first frame in `time_base`, taken off all packets."""
        self.last_pts: int | None = None
        """Time of the last frame in `time_base`."""
        self.last_duration = 0
        self._codes = _colour_codes(info)
        self.pix_fmt = pix_fmt_of(self.name, settings)
        is_rounded = settings.dither and not info.colour.is_full_range  # there all levels fit
        self._deeper = DEEPER.get(self.pix_fmt) if is_rounded else None
        self.padding = _padding(info, self.pix_fmt)
        """Rows and columns the encoded picture has more than the source."""
        self.stream = self._add(container)

    def _add(self, container: av.container.OutputContainer) -> av.video.stream.VideoStream:
        info, settings = self._info, self._settings
        options = encoder_options(self.name, settings)
        _check_is_video(self.name)
        stream = container.add_stream(self.name, rate=info.rate or 25)
        assert isinstance(stream, av.video.stream.VideoStream)
        context = stream.codec_context
        context.width = info.width + self.padding[1]
        context.height = info.height + self.padding[0]
        context.pix_fmt = self.pix_fmt
        context.time_base = stream.time_base = self.time_base
        context.flags |= Flags.frame_duration
        context.thread_count = settings.threads or thread_budget().encode
        if info.sample_aspect_ratio:
            context.sample_aspect_ratio = info.sample_aspect_ratio
        if not self._has_reordering:
            context.max_b_frames = 0  # AVI has no presentation times to reorder by
        context.colorspace, context.color_range = self._codes[:2]
        context.color_primaries, context.color_trc = self._codes[2:]
        if settings.bitrate is not None:
            context.bit_rate = settings.bitrate
        if container.format.name in ("mp4", "mov") and self.name in HEVC:
            context.codec_tag = "hvc1"  # Apple's players refuse the other name of the same thing
        context.options = options
        if self.name == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # it writes to stderr on its own
        try:
            said = self._open(context)
        except (av.FFmpegError, OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                "E405", f"{self.name} does not open here ({said})", "-c h264"
            ) from error
        if said:
            raise OutputError("E405", f"{self.name}: {said}", "drop or correct the option")
        unused = [key for key in context.options if key in options]
        if unused:
            raise OutputError(
                "E405", f"{self.name} does not know the option {unused[0]!r}", "drop it"
            )
        return stream

    def _open(self, context: av.video.codeccontext.VideoCodecContext) -> str:
        """Open the encoder; return what it only warns about: a nested option it does not know."""
        if not set(NESTED) & self._settings.extra.keys():
            context.open()
            return ""
        before = av.logging.get_level()
        av.logging.set_level(av.logging.WARNING)
        try:
            with av.logging.Capture() as said:
                context.open()
        finally:
            av.logging.set_level(before)
        lines = [text.strip() for _, _, text in said]
        bad = ("unknown option", "invalid value", "error parsing", "failed to set")
        return next((line for line in lines if line.lower().startswith(bad)), "")

    def check(self, frame: Frame) -> None:
        """Raise ValueError unless the frame has the size that was promised."""
        if frame.pixels.shape != (self._info.height, self._info.width, 3):
            raise ValueError(f"frame of {frame.pixels.shape}, not {self._info}")

    def encode(self, frame: Frame) -> list[Packet]:
        """Take one frame; its pixels are free again afterwards."""
        picture = self._unchanged(frame) or self._picture(frame.pixels)
        pts = self._pts(frame)
        if self.origin is None:
            self.origin = pts
        picture.pts = pts - self.origin
        picture.time_base = self.time_base
        self.last_duration = round(frame.duration * frame.time_base / self.time_base)
        self._durations[picture.pts] = picture.duration = self.last_duration
        return self._finished(self.stream.encode(picture))

    def flush(self) -> list[Packet]:
        """Return what the encoder still held."""
        return self._finished(self.stream.encode(None))

    def flush_one_by_one(self) -> Iterator[Packet]:
        """Yield what the encoder still holds as soon as it is coded; may be left half-way."""
        for packet in self.stream.codec_context.encode_lazy(None):
            packet.stream = self.stream
            yield from self._finished([packet])

    def _finished(self, packets: list[Packet]) -> list[Packet]:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, 0) or packet.duration
        return packets

    def _pts(self, frame: Frame) -> int:
        exact = frame.pts * frame.time_base / self.time_base
        pts = round(exact)
        if self.last_pts is not None and pts <= self.last_pts:
            pts = self.last_pts + 1
        self.moved += abs(pts - exact) > MOVED
        self.last_pts = pts
        return pts

    def _unchanged(self, frame: Frame) -> av.video.frame.VideoFrame | None:
        """Return the decoder's own picture in our format, if the frame comes with one."""
        origin = frame.origin
        if not isinstance(origin, av.video.frame.VideoFrame) or any(self.padding):
            return None
        matrix, color_range = self._codes[:2]
        picture = self._reformatter.reformat(
            origin,
            format=self.pix_fmt,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=color_range,
            dst_color_range=color_range,
            interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
            threads=1,
        )
        picture.pict_type = PictureType.NONE  # else the encoder repeats the source's decisions
        return self._tagged(picture)

    def _picture(self, pixels: Pixels) -> av.video.frame.VideoFrame:
        if any(self.padding):
            rows, columns = self.padding
            pixels = np.pad(pixels, ((0, rows), (0, columns), (0, 0)), mode="edge")
        matrix, color_range = self._codes[:2]
        rgb = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24")
        deeper = self._deeper
        picture = self._reformatter.reformat(
            rgb,
            format=deeper or self.pix_fmt,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=2,
            dst_color_range=color_range,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        if deeper:
            picture = self._rounding.reformat(
                picture,
                format=self.pix_fmt,
                src_colorspace=matrix,
                dst_colorspace=matrix,
                src_color_range=color_range,
                dst_color_range=color_range,
                threads=1,
            )
        return self._tagged(picture)

    def _tagged(self, picture: av.video.frame.VideoFrame) -> av.video.frame.VideoFrame:
        matrix, color_range, primaries, transfer = self._codes
        picture.colorspace, picture.color_range = matrix, color_range
        picture.color_primaries, picture.color_trc = primaries, transfer
        return picture


def _check_is_video(encoder: str) -> None:
    """OutputError E405 for an encoder of sound or subtitles; unknown ones say so themselves."""
    try:
        kind = av.codec.Codec(encoder, "w").type
    except av.codec.codec.UnknownCodecError:
        return
    if kind != "video":
        raise OutputError("E405", f"{encoder} encodes {kind}, no video", "-c h264")


def _colour_codes(info: VideoInfo) -> tuple[int, int, int, int]:
    """Matrix, range, primaries, transfer as H.273 code points."""
    colour = info.colour
    matrix = MATRIX_CODES[colour.matrix]
    if colour.matrix == "bt601" and colour.primaries == 5:
        matrix = 5  # the same numbers under the name 625-line material uses
    return matrix, 2 if colour.is_full_range else 1, colour.primaries, colour.transfer


def _padding(info: VideoInfo, pix_fmt: str) -> tuple[int, int]:
    """Return rows and columns to add so that chroma comes out even."""
    try:
        layout = av.VideoFormat(pix_fmt)
    except ValueError as error:
        raise OutputError(
            "E405", f"no pixel format {pix_fmt!r}", "yuv420p plays everywhere"
        ) from error
    across, down = 16 // layout.chroma_width(16), 16 // layout.chroma_height(16)
    return -info.height % down, -info.width % across
