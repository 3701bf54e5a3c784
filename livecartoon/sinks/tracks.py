"""One stream of the source on its way into the new file: as it is, or encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

import av
import av.audio.frame
import av.audio.resampler
import av.audio.stream
import av.container
import av.stream
import av.subtitles.stream

from livecartoon.errors import InputError
from livecartoon.sinks.order import InOrder

Packet: TypeAlias = "av.Packet[av.stream.Stream]"

#: Muxer -> encoder for sound its format cannot hold.
SUBSTITUTES = {"avi": "libmp3lame", "matroska": "libopus", "webm": "libopus"}
#: Muxer -> encoder for subtitles of text.
TEXT_ENCODERS = {"matroska": "subrip", "mov": "mov_text", "mp4": "mov_text", "webm": "webvtt"}
#: Muxers that take two packets of a stream at the same time.
TAKE_EQUAL_TIMES = ("matroska", "webm")
OPUS_RATE = 48000
MILLISECOND = Fraction(1, 1000)


class Ends:
    """First and last times of a stream of packets that come in decoding order."""

    def __init__(self) -> None:
        self.first_dts: int | None = None
        self.first_pts: int | None = None
        self.end_pts = 0

    def note(self, packet: Packet) -> None:
        """Take the times of one packet."""
        if packet.pts is None or packet.dts is None:
            return
        if self.first_dts is None or self.first_pts is None:
            self.first_dts, self.first_pts = packet.dts, packet.pts
        self.first_pts = min(self.first_pts, packet.pts)
        self.end_pts = max(self.end_pts, packet.pts + (packet.duration or 0))

    def last_duration(self, packet: Packet) -> int:
        """Return how long `packet`, the last, must last for all to last from first to end."""
        if self.first_dts is None or self.first_pts is None or packet.dts is None:
            return packet.duration or 0
        return max(1, self.end_pts - self.first_pts - (packet.dts - self.first_dts))


class Track:
    """A stream whose packets are copied; the others do more."""

    is_copy = True

    def __init__(self, container: av.container.OutputContainer, source: av.stream.Stream) -> None:
        """Add the stream to `container`; ValueError if its format cannot hold it."""
        self.source = source
        self.packets = 0
        self.lost = 0
        """Packets that could not be decoded."""
        self._container = container
        is_lax = source.type == "subtitle" or container.format.name in TAKE_EQUAL_TIMES
        self._order = InOrder(may_repeat=is_lax)
        self.stream = self._add(container, source)

    def _add(
        self, container: av.container.OutputContainer, source: av.stream.Stream
    ) -> av.stream.Stream:
        # Not opaque, PyAV looks for an encoder of that name: AV1 from dav1d has none.
        return container.add_stream_from_template(source, opaque=True)

    @property
    def codec(self) -> str:
        """What it is encoded with in the new file."""
        return self.stream.codec_context.codec.canonical_name

    def write(self, packet: Packet) -> None:
        """Take one packet of the source."""
        self._copy(packet)

    def finish(self) -> None:
        """Flush what is still held."""
        self._copy(None)

    @property
    def mended(self) -> int:
        """Packets whose times went backwards."""
        return self._order.mended

    def _copy(self, packet: Packet | None) -> None:
        ready = self._order(packet)
        if ready is not None:
            ready.stream = self.stream
            self._mux(ready)

    def _mux(self, packet: Packet) -> None:
        self._container.mux_one(packet)
        self.packets += 1


class SoundTrack(Track):
    """Sound decoded and encoded again."""

    is_copy = False

    def __init__(
        self,
        container: av.container.OutputContainer,
        source: av.audio.stream.AudioStream,
        encoder: str | None = None,
    ) -> None:
        self._name = encoder or SUBSTITUTES.get(container.format.name, "aac")
        super().__init__(container, source)

    def _add(
        self, container: av.container.OutputContainer, source: av.stream.Stream
    ) -> av.stream.Stream:
        assert isinstance(source, av.audio.stream.AudioStream)
        context = source.codec_context
        if context is None:
            raise InputError(
                "E302",
                f"sound track {source.index} is of a kind that {container.format.name} cannot"
                " hold and for which no decoder is at hand",
                "--audio none, or another container",
            )
        rate = OPUS_RATE if self._name == "libopus" else context.sample_rate
        stream = container.add_stream(self._name, rate=rate)
        assert isinstance(stream, av.audio.stream.AudioStream)
        stream.codec_context.layout = (
            context.layout if context.layout.nb_channels <= 8 else "stereo"
        )
        stream.codec_context.time_base = Fraction(1, rate)
        stream.codec_context.bit_rate = 96_000 * max(1, min(8, context.layout.nb_channels))
        stream.codec_context.open()
        self._resampler = av.audio.resampler.AudioResampler(
            format=stream.codec_context.format,
            layout=stream.codec_context.layout,
            rate=rate,
            frame_size=stream.codec_context.frame_size or None,
        )
        return stream

    def write(self, packet: Packet) -> None:
        """Decode and encode one packet; what cannot be decoded is counted."""
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self.lost += 1
            return
        for frame in frames:
            assert isinstance(frame, av.audio.frame.AudioFrame)
            self._encode(self._resampler.resample(frame))

    def finish(self) -> None:
        """Flush what the decoder, resampler and encoder still hold."""
        assert isinstance(self.source, av.audio.stream.AudioStream)
        for frame in self.source.decode(None):
            self._encode(self._resampler.resample(frame))
        self._encode(self._resampler.resample(None))
        self._take(None)

    def _encode(self, frames: Sequence[av.audio.frame.AudioFrame]) -> None:
        for frame in frames:
            self._take(frame)

    def _take(self, frame: av.audio.frame.AudioFrame | None) -> None:
        assert isinstance(self.stream, av.audio.stream.AudioStream)
        for packet in self.stream.encode(frame):
            self._mux(packet)


class TextTrack(Track):
    """Subtitles of text, rewritten for a container that knows another kind."""

    is_copy = False

    def _add(
        self, container: av.container.OutputContainer, source: av.stream.Stream
    ) -> av.stream.Stream:
        assert isinstance(source, av.subtitles.stream.SubtitleStream)
        decoder = source.codec_context
        if not decoder.is_open:
            decoder.open(False)
        stream = container.add_stream(TEXT_ENCODERS[container.format.name])
        assert isinstance(stream, av.subtitles.stream.SubtitleStream)
        stream.codec_context.subtitle_header = decoder.subtitle_header
        stream.codec_context.time_base = stream.time_base = MILLISECOND
        return stream

    def write(self, packet: Packet) -> None:
        """Rewrite one line; what cannot be read is counted."""
        assert isinstance(self.source, av.subtitles.stream.SubtitleStream)
        assert isinstance(self.stream, av.subtitles.stream.SubtitleStream)
        try:
            line = self.source.codec_context.decode2(packet)
            if line is None or not len(line):
                return
            made = self.stream.codec_context.encode_subtitle(line)
        except (av.FFmpegError, ValueError):
            self.lost += 1
            return
        made.time_base = packet.time_base
        made.pts = made.dts = packet.pts
        made.duration = packet.duration
        self._copy(made)
