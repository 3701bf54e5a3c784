"""Reading the new file back before it gets its name."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from livecartoon.errors import LivecartoonError, OutputError, PartialError
from livecartoon.sinks.carrier import Carrier
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import MediaFacts, inspect, last_frame_decodes

#: Levels between the darkest and the brightest that no encoder makes one flat colour of.
LIVELY = 48


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures that were written, on the clock of the new file."""

    count: int
    first_s: Fraction
    last_s: Fraction
    frame_s: Fraction
    """How far off a time may be."""
    span: int
    """Spread of the first one's brightness, 0..255."""
    codec: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What was written, as counted while writing."""

    pictures: Pictures
    width: int
    height: int
    pix_fmt: str
    sound_packets: tuple[int, ...]
    """Per track, in the order of the file."""
    streams: tuple[str, ...] = ()
    """Kinds of the other streams that were kept, sorted."""


def expected_of(
    pictures: Pictures,
    info: VideoInfo,
    padding: tuple[int, int],
    pix_fmt: str,
    carrier: Carrier | None,
) -> Expected:
    """Return what has to be in a file of those pictures and all that `carrier` kept."""
    kept = carrier.kept if carrier else []
    tracks = list(carrier.tracks.values()) if carrier else []
    return Expected(
        pictures=pictures,
        width=info.width + padding[1],
        height=info.height + padding[0],
        pix_fmt=pix_fmt,
        sound_packets=tuple(t.packets for t in tracks if t.source.type == "audio"),
        streams=tuple(sorted(k.source.type for k in kept if k.source.type != "audio")),
    )


def verify(path: Path, expected: Expected) -> MediaFacts:
    """Return what is in `path`; OutputError unless it reopens with all that was written to it."""
    try:
        facts = inspect(path, decode=False)
    except LivecartoonError as error:
        raise _failed(path, f"it cannot be reopened: {error.message}") from error
    _check_pictures(path, facts, expected.pictures)
    if (facts.width, facts.height) != (expected.width, expected.height):
        raise _failed(path, f"its size is {facts.width}x{facts.height}")
    if facts.pix_fmt.replace("yuvj", "yuv") != expected.pix_fmt.replace("yuvj", "yuv"):
        raise _failed(path, f"its pixels are {facts.pix_fmt}, not {expected.pix_fmt}")
    found = tuple(track.packets for track in facts.sound)
    if found != expected.sound_packets:
        raise _failed(path, f"sound packets {found}, not {expected.sound_packets}")
    kinds = tuple(sorted(stream.type for stream in facts.streams if stream.type != "data"))
    if kinds != expected.streams:
        raise _failed(path, f"its other streams are {kinds}, not {expected.streams}")
    if facts.error or not last_frame_decodes(path):
        raise _failed(path, "its last frame cannot be decoded")
    return facts


def _check_pictures(path: Path, facts: MediaFacts, written: Pictures) -> None:
    if facts.packets != written.count:
        raise _failed(path, f"{facts.packets} of {written.count} frames are in it")
    if facts.codec != written.codec:
        raise _failed(path, f"its video is {facts.codec}, not {written.codec}")
    if written.span >= LIVELY and facts.span == 0:
        raise _failed(path, "its first frame is one flat colour")


def moved(path: Path, facts: MediaFacts, written: Pictures) -> PartialError | None:
    """Return what is wrong with the times in `path`: a damaged source's may be too far apart."""
    wanted = written.first_s, written.last_s
    for found_s, wanted_s in zip((facts.pts[0], facts.pts[-1]), wanted, strict=True):
        if abs(found_s - wanted_s) > written.frame_s:
            said = f"a frame of {float(wanted_s):.3f} s is at {float(found_s):.3f} s"
            return PartialError(
                "E701", f"{path.suffix} does not keep its times: {said}", "-o a .mkv"
            )
    return None


def verify_animation(path: Path, frames: int) -> None:
    """Raise OutputError unless the gif or webp in `path` holds so many pictures."""
    found = _webp_frames(path) if path.suffix.lower() == ".webp" else inspect(path).packets
    if found != frames:
        raise _failed(path, f"{found} of {frames} frames are in it")


def _webp_frames(path: Path) -> int:
    """Count the frame chunks of the RIFF file; one that ends early is not counted."""
    content, at, found = path.read_bytes(), 12, 0
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, at)
        at += 8 + size + size % 2
        found += kind == b"ANMF" and at <= len(content)
    return found


def _failed(path: Path, what: str) -> OutputError:
    return OutputError(
        "E405",
        f"the written {path.suffix} file fails verification: {what}",
        "-c h264 and a .mkv, and report it",
    )
