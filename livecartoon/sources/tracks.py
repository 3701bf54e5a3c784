"""What a media file holds beside its video: streams to carry over, chapters and tags."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.audio.stream
import av.container
import av.stream
import av.video.stream

from livecartoon.sources.base import Chapter
from livecartoon.sources.media import (
    MEDIA_ERRORS,
    is_picture_stream,
    open_media,
    pick_video,
)

log = logging.getLogger(__name__)

#: Tags that belong to the old file or would be untrue in the new one.
STALE_TAGS = {
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "duration",
    "vendor_id",
    "alpha_mode",
    "rotate",
}
#: Statistics that muxers leave in tags: true for the old packets only.
STALE_STARTS = ("_STATISTICS", "BPS", "NUMBER_OF_", "DURATION")
#: What muxers write where nobody gave a name.
STOCK_HANDLERS = {
    "VideoHandler",
    "SoundHandler",
    "SubtitleHandler",
    "DataHandler",
    "Core Media Video",
    "Core Media Audio",
    "Core Media Metadata",
}
MAX_TAG = 1 << 20
MAX_CHAPTERS = 2000

Packet: TypeAlias = "av.Packet[av.stream.Stream]"


def living_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags worth carrying over; what mp4 calls `name` is a title elsewhere."""
    kept = {key: value for key, value in tags.items() if _lives(key, value)}
    name = kept.pop("name", None)
    if name is not None:
        kept.setdefault("title", name)
    return kept


def _lives(key: str, value: str) -> bool:
    is_stale = key.lower() in STALE_TAGS or key.startswith(STALE_STARTS)
    is_stock = key.lower() == "handler_name" and value in STOCK_HANDLERS
    is_unknown = key.lower() == "language" and value in ("und", "")
    return not (is_stale or is_stock or is_unknown) and len(value) < MAX_TAG


class Tracks:
    """A second opening of the file, for everything but its video frames; read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        """What went wrong while reading, None if nothing did."""
        with ExitStack() as stack:
            container = stack.enter_context(open_media(path))
            video = pick_video(path, container)
            self.tags = living_tags(dict(container.metadata))
            self.video_tags = living_tags(dict(video.metadata))
            self.video_disposition = video.disposition
            self.chapters = tuple(chapters_of(container))
            self.streams: tuple[av.stream.Stream, ...] = tuple(other_streams(container, video))
            self.track_tags = {s.index: living_tags(dict(s.metadata)) for s in self.streams}
            self.covers = _covers(path, self.streams)
            self._container = container
            self._stack = stack.pop_all()

    @property
    def sound(self) -> tuple[av.audio.stream.AudioStream, ...]:
        """The sound tracks."""
        return self._container.streams.audio

    def packets(self, wanted: set[int]) -> Iterator[Packet]:
        """Yield the packets of the streams with these indexes in file order."""
        streams: list[Any] = [stream for stream in self.streams if stream.index in wanted]
        if not streams:
            return
        try:
            for packet in self._container.demux(*streams):
                if packet.size and (packet.dts is not None or packet.pts is not None):
                    yield packet
        except MEDIA_ERRORS as error:
            said = getattr(error, "strerror", None) or str(error)
            self.problem = f"the other streams could be read only in part ({said})"

    def close(self) -> None:
        """Release the file; twice is harmless."""
        self._stack.close()


def _covers(path: Path, streams: tuple[av.stream.Stream, ...]) -> dict[int, bytes]:
    """Return the cover pictures by stream index, as stored; they come before anything else."""
    wanted = {s.index for s in streams if _is_picture(s)}
    found = dict.fromkeys(wanted, b"")
    if not wanted:
        return found
    try:
        with open_media(path) as container:
            pictures: list[Any] = [container.streams[index] for index in sorted(wanted)]
            for packet in islice(container.demux(*pictures), 4 * len(wanted)):
                found[packet.stream.index] = found[packet.stream.index] or bytes(packet)
                if all(found.values()):
                    break
    except MEDIA_ERRORS:
        log.debug("cover pictures of %s cannot be read", path.name, exc_info=True)
    return found


def _is_picture(stream: av.stream.Stream) -> bool:
    return isinstance(stream, av.video.stream.VideoStream) and is_picture_stream(stream)


def other_streams(
    container: av.container.InputContainer, video: av.stream.Stream
) -> Iterator[av.stream.Stream]:
    """Yield all streams but the one that is drawn."""
    has_chapters = bool(container.chapters())
    for stream in container.streams:
        if stream.index == video.index:
            continue
        if stream.type == "data" and has_chapters and "mov" in container.format.name:
            continue  # the chapter titles themselves, listed a second time
        yield stream


def chapters_of(container: av.container.InputContainer) -> Iterator[Chapter]:
    """Yield the chapters of a file."""
    for found in container.chapters()[:MAX_CHAPTERS]:
        base = found["time_base"]
        if not base:
            continue
        unit = Fraction(base.numerator, base.denominator)
        tags = tuple((key, value) for key, value in found["metadata"].items() if _lives(key, value))
        yield Chapter(found["start"] * unit, found["end"] * unit, tags)
