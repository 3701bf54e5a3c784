"""All that a source holds beside its picture, carried into the new file just ahead of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

import av
import av.audio.stream
import av.container
import av.stream
import av.subtitles.stream
import av.video.stream
from av.stream import AttachmentStream, Disposition

from livecartoon.errors import OutputError
from livecartoon.sinks.tracks import TEXT_ENCODERS, Packet, SoundTrack, TextTrack, Track
from livecartoon.sources.base import Chapter, StreamNote, note

AudioChoice = Literal["copy", "aac", "opus", "none"]
AUDIO_ENCODERS = {"aac": "aac", "opus": "libopus"}
#: Picture codecs a cover may have, and what an attachment of them is called.
COVER_TYPES = {"bmp": "image/bmp", "gif": "image/gif", "mjpeg": "image/jpeg", "png": "image/png"}
#: Languages that QuickTime's table knows by another of their codes.
QUICKTIME_CODES = {
    "bod": "tib", "cym": "wel", "cze": "ces", "deu": "ger", "ell": "gre", "eus": "baq",
    "fas": "per", "fre": "fra", "hye": "arm", "isl": "ice", "kat": "geo", "mkd": "mac",
    "msa": "may", "mya": "bur", "nld": "dut", "rum": "ron", "slo": "slk", "sqi": "alb",
    "swe": "sve", "zho": "chi",
}  # fmt: skip
#: Languages it has no code for, found by writing and reading them all back.
QUICKTIME_LACKS = {"gle", "hrv", "mao", "mri", "srp"}


class Carried(Protocol):
    """The rest of a source: what a sink needs of it."""

    streams: tuple[av.stream.Stream, ...]
    """All but the video that is drawn."""
    covers: dict[int, bytes]
    """Cover pictures among them, by index, as stored."""
    track_tags: dict[int, dict[str, str]]
    """Tags worth keeping, by index."""
    chapters: tuple[Chapter, ...]

    def packets(self, wanted: set[int]) -> Iterator[Packet]:
        """Yield the packets of the streams with these indexes in file order."""
        ...


@dataclass(frozen=True, slots=True)
class CarryRules:
    """What is wanted of the rest, and which part of it."""

    audio: AudioChoice = "copy"
    subtitles: bool = True
    chapters: bool = True
    tags: bool = True
    start_s: Fraction | None = None
    """Where the part begins on the source's clock; it becomes zero."""
    end_s: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One stream of the new file."""

    source: StreamNote
    codec: str
    action: Literal["copy", "encode"]


class Carrier:
    """Adds the streams to a container not yet started, then feeds them in step with the video."""

    def __init__(
        self, container: av.container.OutputContainer, rest: Carried, rules: CarryRules
    ) -> None:
        self.kept: list[Kept] = []
        self.dropped: list[StreamNote] = []
        self.notes: list[str] = []
        """What else cannot be kept, one sentence each."""
        self.tracks: dict[int, Track] = {}
        self._container = container
        self._muxer = container.format.name
        self._rules = rules
        self._tags = rest.track_tags
        self._covers: list[tuple[av.stream.Stream, bytes]] = []
        for stream in rest.streams:
            reason = self._add(stream, rest)
            if reason:
                self.dropped.append(note(stream, reason))
        if rules.chapters and rest.chapters and self._muxer != "avi":
            self._set_chapters(rest.chapters)
        self._packets = rest.packets(set(self.tracks))
        self._waiting: Packet | None = None

    def _add(self, stream: av.stream.Stream, rest: Carried) -> str:
        """Add one stream; return why not, or nothing."""
        if stream.index in rest.covers:
            return self._add_cover(stream, rest.covers[stream.index])
        if isinstance(stream, av.audio.stream.AudioStream):
            return self._add_sound(stream)
        if isinstance(stream, av.subtitles.stream.SubtitleStream):
            return self._add_subtitles(stream)
        if isinstance(stream, AttachmentStream):
            return self._add_attachment(stream)
        if isinstance(stream, av.video.stream.VideoStream):
            return self._add_video(stream)
        return "data that no player shows"

    def _add_sound(self, stream: av.audio.stream.AudioStream) -> str:
        if self._rules.audio == "none":
            return "--audio none"
        track: Track
        if self._rules.audio == "copy":
            holds = takes(self._muxer, stream) and not _lacks_header(stream)
            track = (Track if holds else SoundTrack)(self._container, stream)
        else:
            name = AUDIO_ENCODERS[self._rules.audio]
            try:
                track = SoundTrack(self._container, stream, name)
            except ValueError as error:
                raise OutputError(
                    "E404", f"{self._muxer} cannot hold {name}", "--audio copy, or a .mkv"
                ) from error
        self._keep(track)
        return ""

    def _add_subtitles(self, stream: av.subtitles.stream.SubtitleStream) -> str:
        if not self._rules.subtitles:
            return "--subs none"
        if takes(self._muxer, stream):
            self._keep(Track(self._container, stream))
        elif self._muxer in TEXT_ENCODERS and _is_text(stream):
            self._keep(TextTrack(self._container, stream))
        else:
            return f"{self._muxer} cannot hold it; a .mkv keeps it"
        return ""

    def _add_video(self, stream: av.video.stream.VideoStream) -> str:
        if self._muxer == "avi":
            return "a second video stream; a .mkv keeps it"
        if not takes(self._muxer, stream):
            return f"a second video stream that {self._muxer} cannot hold; a .mkv keeps it"
        self._keep(Track(self._container, stream))
        return ""

    def _add_attachment(self, stream: AttachmentStream) -> str:
        if self._muxer != "matroska":
            return f"{self._muxer} cannot hold attachments; a .mkv keeps it"
        name = stream.metadata.get("filename", "attachment")
        kind = stream.mimetype or "application/octet-stream"
        self._container.add_attachment(name, kind, stream.data)
        self.kept.append(Kept(note(stream), "unknown", "copy"))
        return ""

    def _add_cover(self, stream: av.stream.Stream, picture: bytes) -> str:
        about = note(stream)
        if not picture or about.codec not in COVER_TYPES:
            return "a cover picture that cannot be read"
        if self._muxer == "matroska":
            ending = COVER_TYPES[about.codec].removeprefix("image/").replace("jpeg", "jpg")
            name = stream.metadata.get("filename", f"cover.{ending}")
            self._container.add_attachment(name, COVER_TYPES[about.codec], picture)
        elif self._muxer == "mp4":
            copy = self._container.add_stream_from_template(stream, opaque=True)
            copy.disposition = Disposition.attached_pic
            self._covers.append((copy, picture))
        else:
            return f"a cover picture; {self._muxer} keeps none"
        self.kept.append(Kept(about, about.codec, "copy"))
        return ""

    def _keep(self, track: Track) -> None:
        source = track.source
        self.tracks[source.index] = track
        tags = self._tags.get(source.index, {})
        language = tags.get("language")
        if not self._rules.tags:
            tags = {"language": language} if language else {}
        if self._muxer == "mov" and language:
            tags = tags | {"language": QUICKTIME_CODES.get(language, language)}
            if language in QUICKTIME_LACKS:
                self.notes.append(f"mov has no code for the language {language!r}")
        track.stream.metadata.update(tags)
        track.stream.disposition = source.disposition
        action: Literal["copy", "encode"] = "copy" if track.is_copy else "encode"
        self.kept.append(Kept(note(source), track.codec, action))

    def _set_chapters(self, chapters: tuple[Chapter, ...]) -> None:
        start, end = self._rules.start_s or Fraction(0), self._rules.end_s
        made: list[av.container.core.Chapter] = []
        for chapter in chapters:
            first, last = max(chapter.start_s, start), chapter.end_s
            last = min(last, end) if end is not None else last
            if first < last or (chapter.start_s == chapter.end_s == first):
                made.append(
                    {
                        "id": len(made) + 1,
                        "start": round((first - start) * 1_000_000),
                        "end": round((last - start) * 1_000_000),
                        "time_base": Fraction(1, 1_000_000),
                        "metadata": dict(chapter.tags) if self._rules.tags else {},
                    }
                )
        self._container.set_chapters(made)

    def start(self) -> None:
        """Write what comes before all else; the container has been started."""
        for stream, picture in self._covers:
            packet: Packet = av.Packet(picture)
            packet.stream = stream
            packet.time_base = Fraction(1, 90000)
            packet.pts = packet.dts = 0
            packet.is_keyframe = True
            self._container.mux_one(packet)

    def advance(self, seconds: float | None) -> None:
        """Mux the packets up to `seconds` of the new file's clock (None: all that are left)."""
        while True:
            packet = self._waiting or self._next()
            self._waiting = None
            if packet is None:
                return
            stamp = packet.dts if packet.dts is not None else packet.pts
            at = float(stamp * packet.time_base) if stamp is not None else None
            if seconds is not None and at is not None and at > seconds:
                self._waiting = packet
                return
            self.tracks[packet.stream.index].write(packet)

    def _next(self) -> Packet | None:
        for packet in self._packets:
            if self._place(packet):
                return packet
        return None

    def _place(self, packet: Packet) -> bool:
        """Move a packet to the new file's clock; False if it lies outside the wanted part."""
        start, end = self._rules.start_s, self._rules.end_s
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or (start is None and end is None):
            return True
        at = stamp * packet.time_base
        if end is not None and at >= end:
            return False
        if start is None:
            return True
        shift = round(start / packet.time_base)
        is_text = packet.stream.type == "subtitle"
        if at < start and not (is_text and at + (packet.duration or 0) * packet.time_base > start):
            return False
        late = max(0, shift - stamp)  # a line already on the screen is shown from the start
        packet.pts = stamp + late - shift
        packet.dts = packet.pts if late or packet.dts is None else packet.dts - shift
        if late and packet.duration:
            packet.duration -= late
        return True

    def finish(self) -> None:
        """Mux all that is left and flush the encoders."""
        self.advance(None)
        for track in self.tracks.values():
            track.finish()


def takes(muxer: str, stream: av.stream.Stream) -> bool:
    """Whether a container takes the packets of `stream` as they are; some refuse at the header."""
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
            is_taken = True
    except (av.FFmpegError, ValueError):
        return False
    return is_taken


def _lacks_header(stream: av.audio.stream.AudioStream) -> bool:
    """Whether a damaged film lost what its AAC is read by; the muxers notice at the first packet.

    In a transport stream every packet says it itself.
    """
    context = stream.codec_context
    if context is None or context.name != "aac" or context.extradata:
        return False
    return any(kind in stream.container.format.name for kind in ("matroska", "mov"))


def _is_text(stream: av.subtitles.stream.SubtitleStream) -> bool:
    """Whether the subtitles are text, not pictures of it."""
    context = stream.codec_context  # None where no decoder is at hand, whatever the stub says
    return context is not None and bool(context.codec.text_sub)
