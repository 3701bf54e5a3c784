"""Short silent films as moving pictures: gif and webp."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import av
import av.container
import av.filter
import av.video.frame
import av.video.stream
import numpy as np
from av.error import BlockingIOError as NotYet
from av.error import EOFError as NoMore

from livecartoon.errors import OutputError
from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink
from livecartoon.sinks.failure import output_error
from livecartoon.sinks.muxer import WRITE_ERRORS
from livecartoon.sources.base import VideoInfo

#: Suffix -> (encoder, pixel format, ticks per second, encoder options).
ANIMATIONS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    ".gif": ("gif", "pal8", 100, {}),
    ".webp": ("libwebp_anim", "yuv420p", 1000, {"quality": "80", "compression_level": "4"}),
}


def is_animation(path: Path) -> bool:
    """Whether the suffix of `path` means a moving picture."""
    return path.suffix.lower() in ANIMATIONS


class AnimationSink(Sink):
    """Writes frames as one endless animation; gif counts hundredths of a second, webp ms."""

    def __init__(self, path: Path, info: VideoInfo, shift_s: Fraction = Fraction(0)) -> None:
        """`shift_s` is taken off all times."""
        self.path = path
        self.frames = 0
        self.encoder, self.pix_fmt, ticks, options = ANIMATIONS[path.suffix.lower()]
        self._info = info
        self._shift_s = shift_s
        self._tick = Fraction(1, ticks)
        self._first_s: Fraction | None = None
        self._last_pts = -1
        self._palette: _Palette | None = None
        self._is_open = True
        try:
            self._container = av.open(
                str(path.absolute()),
                mode="w",
                format=path.suffix.lower().lstrip("."),
                container_options={"loop": "0"},
            )
            stream = self._container.add_stream(self.encoder, rate=info.rate or 25, options=options)
            assert isinstance(stream, av.video.stream.VideoStream)
            stream.width, stream.height, stream.pix_fmt = info.width, info.height, self.pix_fmt
            stream.codec_context.time_base = stream.time_base = self._tick
            stream.codec_context.open()
        except WRITE_ERRORS as error:
            self._raise(error)
        self._stream = stream

    def write(self, frame: Frame) -> None:
        """Encode one frame; its pixels are free again afterwards."""
        at_s = frame.pts * frame.time_base - self._shift_s
        self._first_s = at_s if self._first_s is None else self._first_s
        pts = max(self._last_pts + 1, round((at_s - self._first_s) / self._tick))
        try:
            picture = self._picture(frame)
            picture.pts, picture.time_base = pts, self._tick
            picture.duration = max(1, round(frame.duration * frame.time_base / self._tick))
            for packet in self._stream.encode(picture):
                self._container.mux_one(packet)
        except WRITE_ERRORS as error:
            self._raise(error)
        self._last_pts = pts
        self.frames += 1

    def _picture(self, frame: Frame) -> av.video.frame.VideoFrame:
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.pixels), format="rgb24")
        if self.pix_fmt != "pal8":
            return rgb.reformat(format=self.pix_fmt, dst_colorspace=5, dst_color_range=1, threads=1)
        if self._palette is None:
            self._palette = _Palette(self._info.width, self._info.height)
        return self._palette(rgb)

    def close(self) -> None:
        """Flush the encoder and finish the file; twice is harmless."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            for packet in self._stream.encode(None):
                self._container.mux_one(packet)
            self._container.close()
        except WRITE_ERRORS as error:
            with suppress(*WRITE_ERRORS):
                self._container.close()
            self._raise(error)

    def abort(self) -> None:
        """Finish what can be finished."""
        with suppress(OutputError):
            self.close()

    def _raise(self, error: Exception) -> NoReturn:
        raise output_error(self.path, self.encoder, error) from error


class _Palette:
    """Reduces each picture to its own best 256 colours."""

    def __init__(self, width: int, height: int) -> None:
        graph: Any = av.filter.Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, 1000)
        )
        split = graph.add("split")
        chosen = graph.add("palettegen", "stats_mode=single")
        used = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(chosen, 0, 0)
        split.link_to(used, 1, 0)
        chosen.link_to(used, 0, 1)
        used.link_to(sink)
        graph.configure()
        self._graph = graph
        self._count = 0

    def __call__(self, picture: av.video.frame.VideoFrame) -> av.video.frame.VideoFrame:
        picture.pts, picture.time_base = self._count, Fraction(1, 1000)
        self._count += 1
        self._graph.vpush(picture)
        try:
            made: av.video.frame.VideoFrame = self._graph.vpull()
        except (NotYet, NoMore) as error:
            raise OSError("the palette filter gave no picture") from error
        return made
