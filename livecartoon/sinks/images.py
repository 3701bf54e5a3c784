"""Frames written as numbered pictures."""

from __future__ import annotations

from pathlib import Path

from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.sinks.base import Sink
from livecartoon.sinks.pictures import encode_picture, picture_format


class ImageSink(Sink):
    """Writes `frame-%06d.png` and the like: one number in `pattern`, counted from 0."""

    def __init__(self, pattern: Path, *, quality: int = 92) -> None:
        picture_format(pattern)
        self.frames = 0
        self._pattern = pattern
        self._quality = quality
        try:
            self._path(0)
        except (TypeError, ValueError) as error:
            raise UsageError(
                "E201", f"{pattern.name} has no place for the number", "frame-%06d.png"
            ) from error
        if not pattern.parent.is_dir():
            raise OutputError("E402", f"no folder {pattern.parent}", "create it first")

    def _path(self, number: int) -> Path:
        return self._pattern.with_name(self._pattern.name % number)

    def write(self, frame: Frame) -> None:
        """Write one picture."""
        path = self._path(self.frames)
        content = encode_picture(path, frame.pixels, quality=self._quality)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise OutputError(
                "E402", f"{path} cannot be written ({error.strerror})", "check the folder"
            ) from error
        self.frames += 1
