"""A stretch of a film, and where to look for its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a film on the clock of its time stamps, in seconds; None = open."""

    start_s: Fraction | None = None
    """The first frame is at or after it."""
    end_s: Fraction | None = None
    """The last frame is before it."""
    may_seek: bool = True
    reaches_out: bool = False
    """Take the frame before and the one behind as well."""

    def is_before(self, at_s: Fraction) -> bool:
        """Whether a picture lies before the part."""
        return self.start_s is not None and at_s < self.start_s

    def is_behind(self, at_s: Fraction) -> bool:
        """Whether a picture lies behind the part."""
        return self.end_s is not None and at_s >= self.end_s
