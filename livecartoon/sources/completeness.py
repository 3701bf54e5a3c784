"""Did all frames come? Damaged files often decode to fewer without any error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.video.stream

from livecartoon.errors import LivecartoonError, PartialError

#: Ending earlier than this share of the stated duration is a loss.
EARLY = 0.02


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the container promises."""

    frames: int | None
    """Frames of the video stream."""
    video_s: float | None
    """Seconds from the first frame's start to the last one's end."""
    all_s: float | None
    """End of the longest stream, counted from the container's zero."""
    start_s: float
    """Start of the video stream."""


def expectation(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Expectation:
    """Return what the headers promise, None where they are silent."""
    seconds = None
    base = stream.time_base or Fraction(1)
    if stream.duration:
        seconds = float(stream.duration * base)
    start = float(stream.start_time * base) if stream.start_time else 0.0
    tagged = _tagged_end(stream.metadata)
    if seconds is None and tagged is not None:
        seconds = tagged - start  # Matroska counts the tag from zero
    whole = container.duration / av.time_base if container.duration else None
    begin = (container.start_time or 0) / av.time_base
    all_s = whole
    if whole is not None and "matroska" not in container.format.name:
        all_s = whole + begin  # Matroska counts from zero anyway
    return Expectation(_stated_frames(container, stream), seconds, all_s, start)


def _stated_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int | None:
    if not stream.frames:
        return None
    if "mov" in container.format.name and len(stream.index_entries):
        # Samples cut away by the edit list are counted in the header, yet nobody shows them.
        return sum(1 for entry in stream.index_entries if not entry.is_discard)
    return stream.frames


def _tagged_end(metadata: dict[str, str]) -> float | None:
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", metadata.get("DURATION", ""))
    if not found:
        return None
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def shortfall(
    path: Path, expected: Expectation, frames: int, video_end_s: float, other_end_s: float
) -> LivecartoonError | None:
    """Return what is missing after `frames` frames up to `video_end_s`, None if nothing is."""
    remedy = "the file is damaged or cut off: get a whole copy"
    if expected.frames is not None and frames < expected.frames - 1:
        return PartialError(
            "E701", f"{path.name}: {frames} of {expected.frames} stated frames decoded", remedy
        )
    if expected.video_s is not None:
        reached, stated = video_end_s - expected.start_s, expected.video_s
    elif expected.all_s is not None:
        reached, stated = max(video_end_s, other_end_s), expected.all_s
    else:
        return None
    if reached < stated * (1 - EARLY) and stated - reached > 0.1:
        return PartialError(
            "E701", f"{path.name}: ends after {reached:.2f} s of {stated:.2f} s stated", remedy
        )
    return None
