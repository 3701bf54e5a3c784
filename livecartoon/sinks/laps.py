"""How a film is cut into laps, and what is noted of a piece that holds one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Laps:
    """The film cut at fixed times, wherever a run may have been stopped."""

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
class Stretch:
    """Laps that one reader goes through: `first` .. `end` (exclusive, None = all there are)."""

    first: int = 0
    end: int | None = None
    part: int = 0
    """How many pieces the lap `first` has already."""
    cut_s: Fraction | None = None
    """Where the last of them ends; None if there is none."""

    @property
    def is_from_start(self) -> bool:
        """Whether no run-up comes before it."""
        return not self.first

    def begins(self, laps: Laps) -> Fraction:
        """Return the earliest time its first picture can have."""
        return self.cut_s if self.cut_s is not None else laps.begins(self.first)

    def drawn_from(self, laps: Laps) -> Fraction:
        """Return the time from which on is drawn: the run-up of its first lap, and that lap.

        What of the lap lies before a cut is drawn again, for what the filters remember of it.
        """
        return laps.begins(self.first) - laps.run_up_s


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed piece: a lap, or what was done of it; times count in the encoder's time base."""

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
    part: int = 0
    """How many pieces of the same lap lie before it."""
    cut_s: Fraction | None = None
    """Where it ends within its lap, because the run was stopped there; None = with the lap."""

    @property
    def key(self) -> tuple[int, int]:
        """What it is sorted by."""
        return self.index, self.part
