"""Pictures of a file's video as the decoder gives them, from the start or from a seek on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import av.container
import av.stream
import av.video.frame

from livecartoon.errors import InputError
from livecartoon.sources.media import MEDIA_ERRORS, check_size, open_media, pick_video
from livecartoon.threads import thread_budget

#: How far before a wanted time to look for a key frame; where stamps lie, the next one helps.
SEEK_MARGINS_S = (Fraction(1, 2), Fraction(10))

#: Undecodable packets in a row after which a file counts as hopeless.
MAX_BAD_PACKETS = 100
VideoFrame = av.video.frame.VideoFrame


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to decode."""

    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = 0
    """0 = the share of the machine that is the decoder's."""
    only_key_frames: bool = False
    outlives_errors: bool = False
    """Go on behind undecodable packets, up to `MAX_BAD_PACKETS` of them in a row."""


class PictureDecoder:
    """Iterates over the pictures behind `first`, in order of presentation; one pass.

    `lost` collects the times of packets that could not be decoded; who makes up for them takes
    them out. Where decoding fails for good, `on_failure` hears why and the iteration ends.
    """

    first: VideoFrame
    """The first picture, not iterated over."""

    def __init__(self, path: Path, how: Decoding, on_failure: Callable[[Exception], None]) -> None:
        """Open the file and decode its first picture; InputError if there is none."""
        self._path = path
        self._how = how
        self._on_failure = on_failure
        self._error: Exception | None = None
        self._bad = 0
        self.lost: list[int] = []
        self.end_s = 0.0
        """Where the streams beside the video end, as far as they were read."""
        self._stack = ExitStack()
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        self.first_s = (self.first.pts or 0) * self.time_base
        """Time of the file's first picture."""

    def _open(self) -> None:
        self.container = self._stack.enter_context(open_media(self._path, decode=self._how.device))
        self.stream = stream = pick_video(self._path, self.container)
        context = stream.codec_context
        if context is None:
            raise InputError(
                "E302", f"{self._path.name}: no decoder for its video", "convert it elsewhere first"
            )
        check_size(self._path, context.width, context.height)
        context.options = {"max_pixels": str(16384 * 16384 // 4)}
        # SLICE: errors name the packet
        context.thread_type = "SLICE" if self._how.outlives_errors else "AUTO"
        context.thread_count = self._how.threads or thread_budget().decode
        context.skip_frame = "NONKEY" if self._how.only_key_frames else "DEFAULT"
        assert stream.time_base
        self.time_base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        self._pictures = self._decode()
        self.first = self._first_picture()
        check_size(self._path, self.first.width, self.first.height)

    def _first_picture(self) -> VideoFrame:
        picture = next(self._pictures, None)
        if picture is not None:
            return picture
        if self._error is not None:
            raise InputError(
                "E302",
                f"no frame of {self._path.name} can be decoded",
                "play it first: is the file whole?",
            ) from self._error
        raise InputError("E302", f"{self._path.name} holds no video frame", "use another file")

    def seek(self, start_s: Fraction) -> bool:
        """Go to a key frame at or before `start_s`; False, gone astray, if the index misleads."""
        for margin_s in SEEK_MARGINS_S:
            target_s = start_s - margin_s
            if target_s <= self.first_s:
                break
            self.container.seek(int(target_s / self.time_base), stream=self.stream)
            self._pictures = self._decode()
            first = next(self._pictures, None)
            self._error = None
            if first and first.pts is not None and first.pts * self.time_base <= start_s:
                self.first = first
                return True
        return False

    def reopen(self) -> None:
        """Begin again at the start of the file."""
        self._stack.close()
        self._open()

    def __iter__(self) -> Iterator[VideoFrame]:
        return self._pictures

    def _decode(self) -> Iterator[VideoFrame]:
        self.end_s = 0.0
        try:
            for packet in self.container.demux():
                if packet.stream.index != self.stream.index:  # flush packets: `stream_index` is 0
                    self._note_end(packet)
                    continue
                yield from self._decode_packet(packet)
                if self._error is not None:
                    return
        except MEDIA_ERRORS as error:
            self._fail(error)

    def _note_end(self, packet: av.Packet[av.stream.Stream]) -> None:
        if packet.pts is not None and packet.time_base:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            self.end_s = max(self.end_s, end)

    def _decode_packet(self, packet: av.Packet[av.stream.Stream]) -> Iterator[VideoFrame]:
        try:
            frames = packet.decode()
        except MEDIA_ERRORS as error:
            self._bad += 1
            if not self._how.outlives_errors or self._bad > MAX_BAD_PACKETS:
                self._fail(error)
            elif packet.pts is not None:
                self.lost.append(packet.pts)
            return
        for frame in frames:
            assert isinstance(frame, VideoFrame)
            self._bad = 0
            yield frame

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._on_failure(error)

    def close(self) -> None:
        """Release the file; twice is harmless."""
        self._stack.close()
