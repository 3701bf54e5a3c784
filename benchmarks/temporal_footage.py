"""Clips for the steadiness benchmark: read, reduced, made worse, and styled."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.temporal_scenes import add_grain, through_codec
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource

WORK_PIXELS = 640 * 360
_RATE = Fraction(30)
_TICK = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Footage:
    """A clip as the camera gave it, and, where known, as it would be without noise."""

    name: str
    frames: list[Pixels]
    clean: list[Pixels]
    """The frames before they were made worse; the frames themselves if they were not."""
    seconds: list[float]


def read(path: Path, count: int, skip: int = 0) -> Footage:
    """Return `count` frames of a file from frame `skip` on, reduced to about 640x360 pixels."""
    with FileSource(path) as source:
        taken = list(islice(source, skip, skip + count))
    frames = [_reduced(frame.pixels) for frame in taken]
    return Footage(path.stem, frames, frames, [frame.seconds for frame in taken])


def as_webcam(footage: Footage) -> Footage:
    """Add grain and an exposure that hunts, through H.264 at a webcam's few bits."""
    rng = np.random.default_rng(5)
    worse = [
        add_grain(rng, frame.astype(np.float32) * _hunting(t), 4.0)
        for frame, t in zip(footage.frames, footage.seconds, strict=True)
    ]
    return replace(footage, name=f"{footage.name}+webcam", frames=encoded(worse, crf=29))


def as_mjpeg(footage: Footage) -> Footage:
    """Add grain, through the JPEG of cheap USB cameras."""
    rng = np.random.default_rng(6)
    worse = [
        through_codec(add_grain(rng, frame.astype(np.float32), 3.0), 60) for frame in footage.frames
    ]
    return replace(footage, name=f"{footage.name}+mjpeg", frames=worse)


def as_stream(footage: Footage) -> Footage:
    """Through H.264 at a low rate, nothing else."""
    return replace(footage, name=f"{footage.name}+stream", frames=encoded(footage.frames, crf=33))


#: Name -> how a clip is made worse.
WORSE: dict[str, Callable[[Footage], Footage]] = {
    "mjpeg": as_mjpeg,
    "stream": as_stream,
    "webcam": as_webcam,
}


def _hunting(seconds: float) -> np.float32:
    """Brightness of an automatic exposure that drifts by 3 % and corrects itself every 2 s."""
    drift = 0.03 * math.sin(2 * math.pi * 0.3 * seconds)
    return np.float32(1 + drift + (0.02 if seconds % 4 < 2 else 0.0))


def encoded(frames: Sequence[Pixels], crf: int) -> list[Pixels]:
    """Return the frames as H.264 without look-ahead leaves them."""
    height, width = frames[0].shape[:2]
    info = VideoInfo(width, height, _TICK, _RATE)
    settings = EncoderSettings(crf=crf, preset="veryfast", extra={"tune": "zerolatency"})
    with tempfile.TemporaryDirectory(prefix="livecartoon-steady-") as folder:
        path = Path(folder) / "clip.mkv"
        with FileSink(path, info, settings) as sink:
            for index, frame in enumerate(frames):
                sink.write(Frame(frame, 3000 * index, _TICK, 3000))
        with FileSource(path) as source:
            return [frame.pixels for frame in source]


def _reduced(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, math.sqrt(WORK_PIXELS / (width * height)))
    size = 2 * round(width * scale / 2), 2 * round(height * scale / 2)
    if size == (width, height):
        return pixels.copy()
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
