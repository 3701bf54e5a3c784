"""How a film is cut into laps, and what is noted of a piece that holds one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Laps:
    """The film cut at fixed times: where a piece begins depends on nothing else."""

    start_s: Fraction
    length_s: Fraction
    run_up_s: Fraction
    """Before each lap, the filters that remember are fed for so long."""

    def of(self, at_s: Fraction) -> int:
        """Return the number of the lap a picture belongs to, from 0."""
        return max(0, int((at_s - self.start_s) // self.length_s))

    def begins(self, index: int) -> Fraction:
        """Return the time at which lap `index` begins."""
        return self.start_s + index * self.length_s

    def runs_up(self, at_s: Fraction) -> bool:
        """Whether a picture is in the run-up of the lap after its own."""
        return at_s >= self.begins(self.of(at_s) + 1) - self.run_up_s


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed piece; times count in the encoder's time base."""

    index: int
    """Of its lap."""
    last: int
    """Of the last lap it stands for: more than one only where the source shows nothing. A time
    stamp that lies may put millions of those between two pictures."""
    file: str
    sha256: str
    pts: tuple[int, ...]
    """Of its pictures, increasing; empty where the source shows nothing for whole laps."""
    durations: tuple[int, ...]
    depth: int
    """How many packets a picture is stored early at most (B-frames)."""
    moved: int = 0
    span: int = 0
    """Spread of its first picture's brightness, 0..255."""
