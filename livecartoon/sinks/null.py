"""A sink that only counts, for measuring."""

from __future__ import annotations

from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink


class NullSink(Sink):
    """Takes frames and forgets them."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: Frame) -> None:
        """Count one frame."""
        self.frames += 1
