"""A quiet two-note tone as a sound track, for clips that are made, not filmed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import av
import av.audio.stream
import av.container
import av.stream
import numpy as np

from livecartoon.sources.base import Chapter

if TYPE_CHECKING:
    Packet = av.Packet[Any]

RATE = 48000
NOTES_HZ = (440.0, 554.37)
NOTE_S = 0.5
LEVEL = 0.15


class ToneTracks:
    """AAC sound of a given length, in the form a file sink carries over."""

    def __init__(self, seconds: float) -> None:
        file = _encoded(_samples(seconds))
        self._container = av.open(file, mode="r", format="mp4")
        self.streams: tuple[av.stream.Stream, ...] = self._container.streams.audio
        self.covers: dict[int, bytes] = {}
        self.track_tags: dict[int, dict[str, str]] = {}
        self.chapters: tuple[Chapter, ...] = ()

    def packets(self, wanted: set[int]) -> Iterator[Packet]:
        """Yield the packets of the streams with these indexes in file order."""
        chosen: list[Any] = [stream for stream in self.streams if stream.index in wanted]
        for packet in self._container.demux(*chosen):
            if packet.dts is not None:
                yield packet

    def close(self) -> None:
        """Release the memory; twice is harmless."""
        self._container.close()


def _samples(seconds: float) -> np.ndarray:
    """Alternating notes with soft edges, (1, N) float32."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = np.where((t // NOTE_S) % 2 == 0, *NOTES_HZ)
    phase = t % NOTE_S
    envelope = np.minimum(1, np.minimum(phase, NOTE_S - phase) / 0.02)
    tone = LEVEL * envelope * np.sin(2 * np.pi * pitch * phase)
    return tone.astype(np.float32)[None]


def _encoded(samples: np.ndarray) -> io.BytesIO:
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        assert isinstance(stream, av.audio.stream.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = RATE
        frame.pts = 0
        fifo = av.AudioFifo()
        fifo.write(frame)
        for part in fifo.read_many(1024, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    file.seek(0)
    return file
