"""Reading the new file back before it gets its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.sinks.carrier import Carrier
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import MediaFacts, inspect, last_frame_decodes


@dataclass(frozen=True, slots=True)
class Expected:
    """What was written, as counted while writing."""

    frames: int
    width: int
    height: int
    pix_fmt: str
    sound_packets: tuple[int, ...]
    """Per track, in the order of the file."""
    streams: tuple[str, ...] = ()
    """Kinds of the other streams that were kept, sorted."""


def expected_of(
    frames: int,
    info: VideoInfo,
    padding: tuple[int, int],
    pix_fmt: str,
    carrier: Carrier | None,
) -> Expected:
    """Return what has to be in a file of `frames` frames and all that `carrier` kept."""
    kept = carrier.kept if carrier else []
    tracks = list(carrier.tracks.values()) if carrier else []
    return Expected(
        frames=frames,
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
    if facts.packets != expected.frames:
        raise _failed(path, f"{facts.packets} of {expected.frames} frames are in it")
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


def _failed(path: Path, what: str) -> OutputError:
    return OutputError(
        "E405",
        f"the written {path.suffix} file fails verification: {what}",
        "try -c h264 and a .mkv, and report it",
    )
