"""Frames encoded into a media file, with the time stamps and the rest of their source."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, NoReturn

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink
from livecartoon.sinks.beside import Beside
from livecartoon.sinks.carrier import Carrier
from livecartoon.sinks.encoder import EncoderSettings, container_of, encoder_of
from livecartoon.sinks.failure import output_error
from livecartoon.sinks.muxer import WRITE_ERRORS, Muxer
from livecartoon.sinks.video import VideoEncoder, tick_of
from livecartoon.sources.base import VideoInfo


class FileSink(Sink):
    """Writes mp4, m4v, mov, mkv, webm or avi, by the suffix of `path`.

    The encoder is opened and the header written at once, so that what cannot work fails before
    the first frame is made. `shift_s` is taken off all times. `file`: write there, `path` still
    names the container.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        settings: EncoderSettings | None = None,
        *,
        beside: Beside | None = None,
        shift_s: Fraction = Fraction(0),
        file: IO[bytes] | None = None,
        is_fragmented: bool = False,
    ) -> None:
        self.path = path
        self.frames = 0
        self._is_open = True
        settings = settings or EncoderSettings()
        name = container_of(path)
        self.encoder = encoder_of(settings.codec, name)
        tick = tick_of(info, name)
        try:
            self._muxer = Muxer(file or path, name, tick, beside, is_fragmented=is_fragmented)
        except WRITE_ERRORS as error:
            self._raise(error)
        try:
            self._video = VideoEncoder(self._muxer.container, name, info, settings)
            self._video.origin = round(shift_s / self._video.time_base)
            self._muxer.start(self._video.stream)
        except (LivecartoonError, *WRITE_ERRORS) as error:
            self._discard()
            self._raise(error)

    @property
    def carrier(self) -> Carrier | None:
        """What became of the rest of the source, None if there was none to carry."""
        return self._muxer.carrier

    @property
    def moved(self) -> int:
        """Time stamps the container could not keep (AVI only)."""
        return self._video.moved

    @property
    def pix_fmt(self) -> str:
        """What is encoded."""
        return self._video.pix_fmt

    @property
    def codec(self) -> str:
        """What decoders call what is encoded."""
        return str(self._video.stream.codec_context.codec.canonical_name)

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns the encoded picture has more than the source."""
        return self._video.padding

    def write(self, frame: Frame) -> None:
        """Encode one frame; its pixels are free again afterwards."""
        self._video.check(frame)
        try:
            for packet in self._video.encode(frame):
                self._muxer.mux(packet)
        except WRITE_ERRORS as error:
            self._raise(error)
        self.frames += 1

    def close(self) -> None:
        """Flush the encoder, add the rest of the source, finish the file."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            for packet in self._video.flush():
                self._muxer.mux(packet)
            self._muxer.close()
        except WRITE_ERRORS as error:
            self._discard()
            self._raise(error)

    def abort(self) -> None:
        """Finish what can be finished; the caller decides what becomes of the file."""
        with suppress(OutputError):
            self.close()

    def discard(self) -> None:
        """Release the file, whatever is in it."""
        if self._is_open:
            self._discard()

    def _discard(self) -> None:
        self._is_open = False
        self._muxer.discard()

    def _raise(self, error: Exception) -> NoReturn:
        if isinstance(error, LivecartoonError | BrokenPipeError):
            raise error  # a reader of stdout may leave when it has seen enough
        raise output_error(self.path, self.encoder, error) from error
