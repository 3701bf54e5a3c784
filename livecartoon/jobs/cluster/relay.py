"""The driver's end of a stretch: what a worker tells, put where the film is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from livecartoon.errors import OutputError
from livecartoon.jobs.cluster.messages import Chunk, Closed, Counted, Ended, Failed, Left, Message
from livecartoon.jobs.lapwork import CancelledError, Ear, Outcome
from livecartoon.jobs.stretches import behind
from livecartoon.sinks.laps import Stretch
from livecartoon.sinks.segments import synced_hash


class Relay:
    """Writes the pieces of a stretch, and knows what of it is still to be drawn."""

    def __init__(self, folder: Path, ear: Ear, stretch: Stretch, expected: list[int]) -> None:
        self.stretch = stretch
        """What is missing."""
        self.expected = expected
        """The times right before it."""
        self._ear = ear
        self._folder = folder
        self._part = folder / f"sent-{stretch.first:05}-{stretch.part}.part"
        self._file: BinaryIO | None = None
        self._kept = self._before = 0
        self._ended: Ended | None = None

    def take(self, message: Message) -> None:
        """Take a message; raises what made the worker end before its time."""
        match message:
            case Counted(frames, stage):
                self._ear.on_frames(self._before + frames, stage)
            case Chunk(content):
                self._write(content)
            case Closed():
                self._close(message)
            case Ended():
                self._ended = message
            case Failed(error):
                raise error
            case Left():
                raise CancelledError

    def _write(self, content: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._part.open("wb")
            self._file.write(content)
        except OSError as error:
            raise self._failure(error) from error

    def _close(self, closed: Closed) -> None:
        segment = closed.segment
        if self._file is not None:
            try:
                self._file.close()
                self._file = None
                assert synced_hash(self._part) == segment.sha256
                self._part.replace(self._folder / segment.file)
            except OSError as error:
                raise self._failure(error) from error
        self._ear.on_closed(segment, closed.repeated, closed.is_sound)
        self._kept += len(segment.pts)
        earlier = self.expected if segment.part else []
        self.expected = [*earlier, *segment.pts]
        self.stretch = replace(behind(segment), end=self.stretch.end)

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            "E403" if error.errno in (27, 28) else "E402",
            f"a piece cannot be written to {self._folder.parent} ({error.strerror})",
            "free space and run the same command again",
        )

    def begin_again(self) -> None:
        """Forget what a lost worker had not closed."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._before = self._kept
        self._ear.on_frames(self._before, "redraw")

    def outcome(self) -> Outcome:
        """Return what the worker said at the end."""
        assert self._ended is not None
        return self._ended.outcome
