"""What a media file holds beside its video: sound to carry over, and the names of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import av
import av.audio.stream
import av.container
import av.stream

from livecartoon.escape import printable
from livecartoon.sources.media import (
    MEDIA_ERRORS,
    is_picture_stream,
    open_media,
    pick_video,
)

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

MAX_TAG = 1 << 20


@dataclass(frozen=True, slots=True)
class StreamNote:
    """One stream of the source, for reports."""

    type: str
    codec: str
    language: str | None
    reason: str = ""


def living_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags worth carrying over."""
    return {key: value for key, value in tags.items() if _lives(key, value)}


def _lives(key: str, value: str) -> bool:
    is_stale = key.lower() in STALE_TAGS or key.startswith("_STATISTICS")
    return not is_stale and len(value) < MAX_TAG


def note(stream: av.stream.Stream, reason: str = "") -> StreamNote:
    """Return what a report says of `stream`."""
    context = stream.codec_context
    codec = context.codec.canonical_name if context is not None else "unknown"
    language = stream.metadata.get("language")
    return StreamNote(stream.type, codec, printable(language) if language else None, reason)


class Tracks:
    """A second opening of the file, for everything but its video frames; read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        """What went wrong while reading, None if nothing did."""
        with ExitStack() as stack:
            container = stack.enter_context(open_media(path))
            video = pick_video(path, container)
            self.streams: tuple[av.audio.stream.AudioStream, ...] = container.streams.audio
            self.sound = {stream.index: note(stream) for stream in self.streams}
            self.tags = living_tags(dict(container.metadata))
            self.video_tags = living_tags(dict(video.metadata))
            self.video_disposition = video.disposition
            self.chapters = container.chapters()[:2000]
            self.others = tuple(self._others(container, video))
            self._container = container
            self._stack = stack.pop_all()

    def _others(
        self, container: av.container.InputContainer, video: av.stream.Stream
    ) -> Iterator[StreamNote]:
        for stream in container.streams:
            if stream.type == "audio" or stream.index == video.index:
                continue
            if stream.type == "data" and self.chapters and "mov" in container.format.name:
                continue  # the chapter titles themselves, listed a second time
            yield note(stream, _reason(stream))

    def packets(self) -> Iterator[av.Packet[av.stream.Stream]]:
        """Yield the packets of all sound tracks in file order."""
        if not self.streams:
            return
        try:
            for packet in self._container.demux(*self.streams):
                if packet.dts is not None or packet.pts is not None:
                    yield packet
        except MEDIA_ERRORS as error:
            said = getattr(error, "strerror", None) or str(error)
            self.problem = f"the sound could be read only in part ({said})"

    def close(self) -> None:
        """Release the file; twice is harmless."""
        self._stack.close()


def _reason(stream: av.stream.Stream) -> str:
    if stream.type == "video":
        assert isinstance(stream, av.video.stream.VideoStream)
        return "cover picture" if is_picture_stream(stream) else "a second video stream"
    reasons = {
        "subtitle": "subtitles are not carried over yet",
        "attachment": "attachments are not carried over yet",
    }
    return reasons.get(stream.type, "data that no player shows")
