"""What every source of frames promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from livecartoon.closing import Closing
from livecartoon.escape import printable
from livecartoon.frame import Frame

if TYPE_CHECKING:
    from av.stream import Stream


@dataclass(frozen=True, slots=True)
class Colour:
    """How the source's YCbCr planes are meant; the file sink writes the same again."""

    matrix: Literal["bt601", "bt709", "bt2020"] = "bt709"
    is_full_range: bool = False
    primaries: int = 1
    """ITU-T H.273 code point."""
    transfer: int = 1
    """ITU-T H.273 code point."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a source before its first frame; sizes are upright (rotation applied)."""

    width: int
    height: int
    time_base: Fraction
    rate: Fraction | None = None
    """Nominal frames per second; never used to compute times."""
    frames: int | None = None
    """Frame count stated by the container, None if it does not say."""
    duration_s: float | None = None
    sample_aspect_ratio: Fraction | None = None
    colour: Colour = Colour()
    is_live: bool = False
    """Frames arrive when they want to: late ones are dropped, not waited for."""
    codec: str = ""
    display_matrix: tuple[int, ...] | None = None
    """How players are to turn the picture, nine numbers as stored, where that is by no multiple
    of 90 degrees; the frames come as they are."""
    warnings: tuple[str, ...] = ()
    """What the source holds that is not carried over, one sentence each."""


@dataclass(frozen=True, slots=True)
class StreamNote:
    """One stream of a file, for reports."""

    type: str
    codec: str
    language: str | None
    reason: str = ""


def note(stream: Stream, reason: str = "") -> StreamNote:
    """Return what a report says of `stream`."""
    context = stream.codec_context
    codec = context.codec.canonical_name if context is not None else "unknown"
    language = stream.metadata.get("language")
    return StreamNote(stream.type, codec, printable(language) if language else None, reason)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named stretch of a film."""

    start_s: Fraction
    end_s: Fraction
    tags: tuple[tuple[str, str], ...]


class Source(Closing, ABC):
    """Frames in order of presentation; a context manager, `close` twice is harmless."""

    info: VideoInfo

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end; raises InputError or DeviceError."""
