"""A sink that keeps everything, for the Python API and tests."""

from __future__ import annotations

from dataclasses import replace

from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink


class MemorySink(Sink):
    """Keeps a copy of every frame in `frames`."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def write(self, frame: Frame) -> None:
        """Keep one frame."""
        self.frames.append(replace(frame, pixels=frame.pixels.copy()))
