"""Sound on its way from the source's packets into the new file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Protocol, TypeAlias

import av
import av.audio.frame
import av.audio.resampler
import av.audio.stream
import av.container
import av.stream

from livecartoon.errors import OutputError

Packet: TypeAlias = "av.Packet[av.stream.Stream]"

log = logging.getLogger(__name__)

#: Muxer -> encoder for sound its format cannot hold.
SUBSTITUTES = {"avi": "libmp3lame", "matroska": "libopus", "webm": "libopus"}
OPUS_RATE = 48000


class SoundTracks(Protocol):
    """The sound of a source: what a sink needs of it."""

    streams: tuple[av.audio.stream.AudioStream, ...]

    def packets(self) -> Iterator[Packet]:
        """Yield packets of all streams in file order."""
        ...


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


def stream_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags of a track that stay true when its packets are copied."""
    return {k: v for k, v in tags.items() if k.lower() not in ("duration", "encoder", "vendor_id")}


class TrackMuxer:
    """Carries one track over: packets as they are, or decoded and encoded again."""

    def __init__(
        self, container: av.container.OutputContainer, source: av.audio.stream.AudioStream
    ) -> None:
        self.source = source
        self.is_copy = True
        self.packets = 0
        self.lost = 0
        self._container = container
        try:
            self.stream = container.add_stream_from_template(source)
        except ValueError:
            self.is_copy = False
            self.stream = self._encoder(container, source)
        self.codec = self.stream.codec_context.codec.canonical_name
        self.stream.metadata.update(stream_tags(dict(source.metadata)))
        self.stream.disposition = source.disposition

    def _encoder(
        self, container: av.container.OutputContainer, source: av.audio.stream.AudioStream
    ) -> av.audio.stream.AudioStream:
        name = SUBSTITUTES.get(container.format.name, "aac")
        context = source.codec_context
        if context is None:
            raise OutputError(
                "E404",
                f"{container.format.name} cannot hold sound track {source.index},"
                " and no decoder for it is at hand",
                "write a .mkv, or --audio none",
            )
        rate = OPUS_RATE if name == "libopus" else context.sample_rate
        stream = container.add_stream(name, rate=rate)
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
        """Take one packet of the source track."""
        if self.is_copy:
            packet.stream = self.stream
            self._mux(packet)
            return
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
        if self.is_copy:
            return
        for frame in self.source.decode(None):
            self._encode(self._resampler.resample(frame))
        self._encode(self._resampler.resample(None))
        for packet in self.stream.encode(None):
            self._mux(packet)

    def _encode(self, frames: Sequence[av.audio.frame.AudioFrame]) -> None:
        for frame in frames:
            for packet in self.stream.encode(frame):
                self._mux(packet)

    def _mux(self, packet: Packet) -> None:
        self._container.mux_one(packet)
        self.packets += 1


class SoundMuxer:
    """All tracks of a source, fed to the container just ahead of the video."""

    def __init__(self, container: av.container.OutputContainer, sound: SoundTracks) -> None:
        self.tracks = {stream.index: TrackMuxer(container, stream) for stream in sound.streams}
        self._packets = sound.packets()
        self._waiting: Packet | None = None

    def advance(self, seconds: float | None) -> None:
        """Mux the packets up to `seconds` (None: all that are left)."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = None
            if packet is None:
                return
            stamp = packet.dts if packet.dts is not None else packet.pts
            at = float(stamp * packet.time_base) if stamp is not None else None
            if seconds is not None and at is not None and at > seconds:
                self._waiting = packet
                return
            self.tracks[packet.stream.index].write(packet)

    def finish(self) -> None:
        """Mux all that is left and flush the encoders."""
        self.advance(None)
        for track in self.tracks.values():
            track.finish()
