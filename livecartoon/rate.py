"""Frames per second as people type them: 30, 29.97, 30000/1001."""

from __future__ import annotations

import re
from fractions import Fraction

from livecartoon.errors import UsageError
from livecartoon.escape import printable

MAX_RATE = 1000
RATE_TEXT = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}|/[0-9]{1,6})?")
#: Rates written short by everybody, and what they mean.
FILM_RATES = {
    "23.976": Fraction(24000, 1001),
    "23.98": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "47.95": Fraction(48000, 1001),
    "59.94": Fraction(60000, 1001),
    "119.88": Fraction(120000, 1001),
}


def parse_rate(text: str) -> Fraction:
    """Read `30`, `29.97` (as 30000/1001) or `30000/1001` as frames per second; UsageError E201."""
    text = text.strip()
    if text in FILM_RATES:
        return FILM_RATES[text]
    try:
        rate = Fraction(text) if RATE_TEXT.fullmatch(text) else Fraction(0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not 0 < rate <= MAX_RATE:
        raise UsageError(
            "E201",
            f"{printable(text)!r} is not a rate",
            f"30, 29.97 or 30000/1001, up to {MAX_RATE}",
        )
    return rate
