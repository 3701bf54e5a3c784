"""A picture size as people type it: 1280x720, or 720p for the short side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from livecartoon.errors import UsageError
from livecartoon.escape import printable

MAX_SIDE = 16384
SIZE_TEXT = re.compile(r"(?P<width>[0-9]{1,5})x(?P<height>[0-9]{1,5})")
SHORT_SIDES = {f"{side}p": side for side in (240, 288, 360, 480, 540, 720, 1080, 1440, 2160)}


@dataclass(frozen=True, slots=True)
class SizeRule:
    """A picture size as typed: exact, or a short side that keeps the aspect."""

    width: int = 0
    height: int = 0
    short_side: int = 0
    """Not 0: the other two follow from the source."""

    def resolve(self, width: int, height: int) -> tuple[int, int]:
        """Return (width, height) for a source of that size; even where the rule decides."""
        if not self.short_side:
            return self.width, self.height
        scale = Fraction(self.short_side, min(width, height))
        return _even(width * scale), _even(height * scale)

    def __str__(self) -> str:
        return f"{self.short_side}p" if self.short_side else f"{self.width}x{self.height}"


def _even(value: Fraction) -> int:
    return max(2, 2 * round(value / 2))


def parse_size(text: str) -> SizeRule:
    """Read `1280x720` or a short name such as `720p`."""
    text = text.strip().lower()
    if text in SHORT_SIDES:
        return SizeRule(short_side=SHORT_SIDES[text])
    match = SIZE_TEXT.fullmatch(text)
    if match is None:
        names = " ".join(SHORT_SIDES)
        raise UsageError(
            "E201", f"{printable(text)!r} is not a size", f"1280x720, or one of {names}"
        )
    width, height = int(match["width"]), int(match["height"])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise UsageError(
            "E201", f"{printable(text)!r} is not a size", f"1 to {MAX_SIDE} pixels a side"
        )
    return SizeRule(width, height)
