"""Facts about a media file, read independently of the sources that feed the network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.stream
import av.video.frame
import av.video.stream
import numpy as np

from livecartoon.sources.base import note
from livecartoon.sources.completeness import expectation
from livecartoon.sources.media import MEDIA_ERRORS, open_media, pick_video, translate
from livecartoon.sources.tracks import chapters_of, living_tags, other_streams


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """One sound track."""

    codec: str
    language: str | None
    packets: int
    sha256: str
    """Over the payloads of all packets in order."""
    start_s: float
    title: str | None = None
    disposition: int = 0


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream that is neither the video nor sound."""

    type: str
    codec: str
    language: str | None
    title: str | None
    disposition: int
    texts: tuple[tuple[float, str], ...] = ()
    """Subtitles: when, and what is said."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """The video to be stylized, and all sound."""

    width: int
    height: int
    codec: str
    pix_fmt: str
    sample_aspect_ratio: Fraction | None
    colour: tuple[int, int, int, int]
    """Matrix, range, primaries, transfer: H.273 code points, 2 (range: 0) where untagged."""
    rotation: int
    stated_frames: int | None
    pts: tuple[Fraction, ...]
    """Seconds, in presentation order; packets without a time are missing here."""
    packets: int
    end_s: float
    sound: tuple[SoundFacts, ...]
    streams: tuple[StreamFacts, ...]
    chapters: tuple[tuple[float, float, str], ...]
    """Start and end in seconds, title."""
    tags: dict[str, str]
    """Of the file, without those that describe the file itself."""
    error: str | None
    """Why decoding ended early."""
    span: int = 0
    """Spread of the first picture's brightness, 0..255."""
    profile: str | None = None
    """Of the codec, as its standard calls it; None where it has none."""


def inspect(path: Path, *, decode: bool = True) -> MediaFacts:
    """Read the whole file; `decode=False` takes times from packets and decodes one frame."""
    with open_media(path) as container:
        stream = pick_video(path, container)
        reader = _Reader(container, stream, decode)
        try:
            reader.read()
        except MEDIA_ERRORS as error:
            if reader.first is None:
                raise translate(path, error) from error
            reader.error = str(error)
        return reader.facts()


class _Reader:
    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.video.stream.VideoStream,
        decode: bool,
    ) -> None:
        self.container = container
        self.stream = stream
        self.decode = decode
        self.first: av.video.frame.VideoFrame | None = None
        self.error: str | None = None
        self.packets = 0
        self.times: list[tuple[int, int]] = []
        self.hashes = {s.index: hashlib.sha256() for s in container.streams.audio}
        self.counts = dict.fromkeys(self.hashes, 0)
        self.starts: dict[int, float] = {}
        self.texts: dict[int, list[tuple[float, str]]] = {}
        stream.thread_type = "AUTO"

    def read(self) -> None:
        for packet in self.container.demux():
            index = packet.stream.index
            if index in self.hashes and packet.size:
                self.hashes[index].update(bytes(packet))
                self.counts[index] += 1
                if packet.pts is not None:
                    self.starts.setdefault(index, float(packet.pts * packet.time_base))
            elif packet.stream.type == "subtitle":
                self._text(packet)
            elif index == self.stream.index:
                self._video(packet)

    def _text(self, packet: av.Packet[av.stream.Stream]) -> None:
        context = packet.stream.codec_context
        if context is None or not context.codec.text_sub or packet.pts is None:
            return
        for rect in packet.decode():
            said = getattr(rect, "dialogue", b"")
            at_s = round(float(packet.pts * packet.time_base), 3)
            self.texts.setdefault(packet.stream.index, []).append((at_s, said.decode()))

    def _video(self, packet: av.Packet[av.stream.Stream]) -> None:
        if packet.size:
            self.packets += 1
            if not self.decode and packet.pts is not None and not packet.is_discard:
                self.times.append((packet.pts, packet.duration or 0))
        if not self.decode and self.first is not None:
            return
        for frame in packet.decode():
            assert isinstance(frame, av.video.frame.VideoFrame)
            self.first = self.first or frame
            stamp = frame.pts if frame.pts is not None else frame.dts
            if self.decode and stamp is not None:
                self.times.append((stamp, frame.duration or 0))

    def facts(self) -> MediaFacts:
        stream, first = self.stream, self.first
        assert stream.time_base
        base = Fraction(stream.time_base.numerator, stream.time_base.denominator)
        times = sorted(self.times)
        ratio = stream.sample_aspect_ratio
        end = float((times[-1][0] + times[-1][1]) * base) if times else 0.0
        if (
            stream.duration and self.error is None
        ):  # exact where the last frame's own duration is guessed
            end = float(((stream.start_time or 0) + stream.duration) * base)
        colour = (
            (first.colorspace, first.color_range, first.color_primaries, first.color_trc)
            if first is not None
            else (2, 0, 2, 2)
        )
        return MediaFacts(
            width=first.width if first is not None else stream.width,
            height=first.height if first is not None else stream.height,
            codec=stream.codec_context.codec.canonical_name,
            pix_fmt=first.format.name if first is not None else str(stream.pix_fmt),
            sample_aspect_ratio=Fraction(ratio.numerator, ratio.denominator) if ratio else None,
            colour=(int(colour[0]), int(colour[1]), int(colour[2]), int(colour[3])),
            rotation=first.rotation if first is not None else 0,
            stated_frames=expectation(self.container, stream).frames,
            pts=tuple(pts * base for pts, _ in times),
            packets=self.packets,
            end_s=end,
            sound=tuple(self._sound()),
            streams=tuple(self._others()),
            chapters=tuple(
                (float(c.start_s), float(c.end_s), dict(c.tags).get("title", ""))
                for c in chapters_of(self.container)
            ),
            tags=living_tags(dict(self.container.metadata)),
            error=self.error,
            span=int(np.ptp(first.to_ndarray(format="gray"))) if first is not None else 0,
            profile=stream.codec_context.profile,
        )

    def _sound(self) -> list[SoundFacts]:
        found = []
        for stream in self.container.streams.audio:
            about = note(stream)
            found.append(
                SoundFacts(
                    about.codec,
                    about.language,
                    self.counts[stream.index],
                    self.hashes[stream.index].hexdigest(),
                    self.starts.get(stream.index, 0.0),
                    living_tags(dict(stream.metadata)).get("title"),
                    int(stream.disposition),
                )
            )
        return found

    def _others(self) -> Iterator[StreamFacts]:
        for stream in other_streams(self.container, self.stream):
            if stream.type == "audio":
                continue
            about = note(stream)
            yield StreamFacts(
                about.type,
                about.codec,
                about.language,
                living_tags(dict(stream.metadata)).get("title"),
                int(stream.disposition),
                tuple(self.texts.get(stream.index, ())),
            )


def last_frame_decodes(path: Path) -> bool:
    """Whether the last key frame and all after it decode to at least one frame."""
    with open_media(path) as container:
        stream = pick_video(path, container)
        try:
            if stream.duration:
                container.seek((stream.start_time or 0) + stream.duration, stream=stream)
            elif container.duration:
                container.seek((container.start_time or 0) + container.duration)
            return sum(1 for _ in container.decode(stream)) > 0
        except MEDIA_ERRORS:
            return False


def packet_times(path: Path) -> list[Fraction] | None:
    """Return when every picture is shown, in seconds, None if not all say so, each once."""
    with open_media(path) as container:
        stream = pick_video(path, container)
        base = stream.time_base or Fraction(1)
        try:
            stamps = [p.pts for p in container.demux(stream) if p.size and not p.is_discard]
        except MEDIA_ERRORS:
            return None
        if not stamps or None in stamps or len(set(stamps)) != len(stamps):
            return None
        return [stamp * Fraction(base) for stamp in stamps if stamp is not None]
