"""Frames encoded into a media file, with the time stamps and the sound of their source."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import NoReturn

import av
import av.container
import av.stream
import av.video.frame
import av.video.stream
import numpy as np
from av.codec.context import Flags
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.base import Sink
from livecartoon.sinks.encoder import (
    EncoderSettings,
    container_of,
    encoder_of,
    encoder_options,
)
from livecartoon.sinks.failure import output_error
from livecartoon.sinks.tracks import Ends, Packet, SoundMuxer, SoundTracks
from livecartoon.sources.base import VideoInfo
from livecartoon.threads import thread_budget

log = logging.getLogger(__name__)

MATRIX_CODES = {"bt601": 6, "bt709": 1, "bt2020": 9}
MAX_TIMESCALE = 2**31 - 1
#: A time stamp an AVI moved by more than this share of a frame is reported.
MOVED = Fraction(1, 10)


class FileSink(Sink):
    """Writes mp4, m4v, mov, mkv, webm or avi, by the suffix of `path`.

    The encoder is opened and the header written at once, so that what cannot work fails before
    the first frame is made. `sound` is carried over packet by packet; the caller closes it.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        settings: EncoderSettings | None = None,
        *,
        sound: SoundTracks | None = None,
        tags: dict[str, str] | None = None,
        video_tags: dict[str, str] | None = None,
        is_fragmented: bool = False,
    ) -> None:
        self.path = path
        self.frames = 0
        self.moved = 0
        """Time stamps the container could not keep (AVI only)."""
        self._info = info
        self._settings = settings or EncoderSettings()
        self._muxer = container_of(path)
        self.encoder = encoder_of(self._settings.codec, self._muxer)
        self._durations: dict[int, int] = {}
        self._reformatter = VideoReformatter()
        self._last_pts: int | None = None
        self._held: Packet | None = None
        self._ends = Ends()
        self._is_open = True
        self._time_base = self._tick()
        self._container = self._open(self._muxer_options(sound, is_fragmented))
        try:
            self._stream = self._add_video(video_tags or {})
            self.sound = SoundMuxer(self._container, sound) if sound else None
            self._container.metadata.update(tags or {})
            self._container.start_encoding()
        except (LivecartoonError, av.FFmpegError, OSError, ValueError) as error:
            self._discard()
            self._raise(error)

    def _open(self, options: dict[str, str]) -> av.container.OutputContainer:
        name = str(self.path.absolute())
        try:
            return av.open(name, mode="w", format=self._muxer, container_options=options)
        except (av.FFmpegError, OSError, ValueError) as error:
            self._raise(error)

    def _tick(self) -> Fraction:
        """Return the time base to encode with: the source's, but AVI counts whole frames."""
        rate = self._info.rate
        if self._muxer == "avi" and rate:
            return 1 / rate
        return self._info.time_base

    def _muxer_options(self, sound: SoundTracks | None, is_fragmented: bool) -> dict[str, str]:
        options = {"flush_packets": "1"} if is_fragmented else {}
        if self._muxer in ("matroska", "webm"):
            # Sound starts before zero where its codec needs a run-up; the muxer would move all.
            options["avoid_negative_ts"] = "disabled"
        if self._muxer not in ("mp4", "mov"):
            return options
        flags = "+frag_keyframe+empty_moov+default_base_moof" if is_fragmented else "+faststart"
        options["movflags"] = flags
        scale = self._time_base.denominator
        if scale <= MAX_TIMESCALE:
            options["video_track_timescale"] = str(scale)
            # The edit list counts start offsets in this scale; its default is milliseconds.
            rates = [s.rate for s in sound.streams if s.rate] if sound else []
            whole = lcm(scale, *rates)
            options["movie_timescale"] = str(whole if whole <= MAX_TIMESCALE else scale)
        return options

    def _add_video(self, tags: dict[str, str]) -> av.video.stream.VideoStream:
        info, settings = self._info, self._settings
        options = encoder_options(self.encoder, settings)
        stream = self._container.add_stream(self.encoder, rate=info.rate or 25)
        assert isinstance(stream, av.video.stream.VideoStream)
        context = stream.codec_context
        self._pad = self._padding(settings.pix_fmt)
        context.width = info.width + self._pad[1]
        context.height = info.height + self._pad[0]
        context.pix_fmt = settings.pix_fmt
        context.time_base = stream.time_base = self._time_base
        context.flags |= Flags.frame_duration
        context.thread_count = settings.threads or thread_budget().encode
        if info.sample_aspect_ratio:
            context.sample_aspect_ratio = info.sample_aspect_ratio
        if self._muxer == "avi":
            context.max_b_frames = 0  # AVI has no presentation times to reorder by
        self._colour_codes = self._codes()
        context.colorspace, context.color_range = self._colour_codes[:2]
        context.color_primaries, context.color_trc = self._colour_codes[2:]
        context.options = options
        if self.encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # it writes to stderr on its own
        try:
            context.open()
        except (av.FFmpegError, OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise OutputError(
                "E405", f"{self.encoder} does not open here ({said})", "try -c h264"
            ) from error
        unused = [key for key in context.options if key in options]
        if unused:
            raise OutputError(
                "E405", f"{self.encoder} does not know the option {unused[0]!r}", "drop it"
            )
        stream.metadata.update(tags)
        return stream

    def _codes(self) -> tuple[int, int, int, int]:
        colour = self._info.colour
        matrix = MATRIX_CODES[colour.matrix]
        if colour.matrix == "bt601" and colour.primaries == 5:
            matrix = 5  # the same numbers under the name 625-line material uses
        return matrix, 2 if colour.is_full_range else 1, colour.primaries, colour.transfer

    def _padding(self, pix_fmt: str) -> tuple[int, int]:
        """Return rows and columns to add so that chroma comes out even."""
        try:
            layout = av.VideoFormat(pix_fmt)
        except ValueError as error:
            raise OutputError(
                "E405", f"no pixel format {pix_fmt!r}", "yuv420p plays everywhere"
            ) from error
        across, down = 16 // layout.chroma_width(16), 16 // layout.chroma_height(16)
        return -self._info.height % down, -self._info.width % across

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns the encoded picture has more than the source."""
        return self._pad

    def write(self, frame: Frame) -> None:
        """Encode one frame; its pixels are free again afterwards."""
        if frame.pixels.shape != (self._info.height, self._info.width, 3):
            raise ValueError(f"frame of {frame.pixels.shape}, not {self._info}")
        picture = self._picture(frame.pixels)
        picture.pts = self._pts(frame)
        picture.time_base = self._time_base
        duration = round(frame.duration * frame.time_base / self._time_base)
        self._durations[picture.pts] = picture.duration = duration
        try:
            self._mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError, ValueError) as error:
            self._raise(error)
        self.frames += 1

    def _pts(self, frame: Frame) -> int:
        exact = frame.pts * frame.time_base / self._time_base
        pts = round(exact)
        if self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self.moved += abs(pts - exact) > MOVED
        self._last_pts = pts
        return pts

    def _picture(self, pixels: Pixels) -> av.video.frame.VideoFrame:
        if any(self._pad):
            pixels = np.pad(pixels, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="edge")
        matrix, color_range, primaries, transfer = self._colour_codes
        rgb = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24")
        picture = self._reformatter.reformat(
            rgb,
            format=self._settings.pix_fmt,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=2,
            dst_color_range=color_range,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        picture.colorspace, picture.color_range = matrix, color_range
        picture.color_primaries, picture.color_trc = primaries, transfer
        return picture

    def _mux(self, packets: list[Packet]) -> None:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, 0) or packet.duration
                self._ends.note(packet)
            held, self._held = self._held, packet
            if held is not None:
                self._mux_video(held)

    def _mux_video(self, packet: Packet) -> None:
        if self.sound is not None and packet.dts is not None:
            self.sound.advance(float(packet.dts * packet.time_base))
        self._container.mux_one(packet)

    def _mux_last(self) -> None:
        """Write the last packet so that the file ends when the last picture does.

        mp4 counts decoding times: behind B-frames its last packet is not the last picture.
        """
        if self._held is None:
            return
        if self._muxer in ("mp4", "mov"):
            self._held.duration = self._ends.last_duration(self._held)
        self._mux_video(self._held)
        self._held = None

    def close(self) -> None:
        """Flush the encoder, add the rest of the sound, finish the file."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            self._mux(self._stream.encode(None))
            self._mux_last()
            if self.sound is not None:
                self.sound.finish()
            self._container.close()
        except (av.FFmpegError, OSError, ValueError) as error:
            self._discard()
            self._raise(error)

    def abort(self) -> None:
        """Finish what can be finished; the caller decides what becomes of the file."""
        with suppress(OutputError):
            self.close()

    def _discard(self) -> None:
        self._is_open = False
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def _raise(self, error: Exception) -> NoReturn:
        if isinstance(error, LivecartoonError):
            raise error
        raise output_error(self.path, self.encoder, error) from error
