"""What driver and workers tell each other: plain values that can be sent."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError
from livecartoon.jobs.journal import input_identity
from livecartoon.jobs.lapwork import Outcome
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.sinks.laps import Segment, Stretch
from livecartoon.stylizer import EngineReport

CHUNK = 4 << 20
"""Bytes of a file sent at once."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file of the driver's that workers need."""

    path: Path
    """Where the driver has it; a worker that finds the same file there takes that."""
    key: str
    """Tells path and content, as far as a resumed run would look."""

    @classmethod
    def of(cls, path: Path) -> Parcel:
        """Describe a file; OSError if it cannot be read."""
        return cls(path.absolute(), key_of(path.absolute()))


def key_of(path: Path) -> str:
    """Return one word for a file: its path and content."""
    identity = input_identity(path) | {"path": str(path)}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Job:
    """One film and what is to become of it."""

    film: Parcel
    style: Parcel | None
    """A style that is a file; the others come with the program."""
    target: str
    """Name of the result, for its container."""
    options: EngineOptions
    settings: ConvertSettings


@dataclass(frozen=True, slots=True)
class Task:
    """One stretch of a film."""

    number: int
    """Its own in a run."""
    job: Job
    stretch: Stretch
    expected: list[int]
    """The times right before it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first message: what draws."""

    report: EngineReport | None


@dataclass(frozen=True, slots=True)
class Counted:
    """So many frames of the stretch are written, and what sets the pace."""

    frames: int
    stage: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next bytes of the piece that is closed next."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """A piece whose bytes were all sent."""

    segment: Segment
    repeated: int
    is_sound: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The last message of a stretch that is drawn."""

    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The last message of one that cannot be."""

    error: LivecartoonError


@dataclass(frozen=True, slots=True)
class Left:
    """The last message of one that was to stop."""


Message = Opened | Counted | Chunk | Closed | Ended | Failed | Left
