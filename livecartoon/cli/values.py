"""The value types of the command line: TIME, SIZE, RATE, BYTES and choices by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from livecartoon.errors import UsageError
from livecartoon.escape import printable
from livecartoon.rate import parse_rate
from livecartoon.size import parse_size

if TYPE_CHECKING:  # generic for the type checker only: older releases of click are not
    ParamType = click.ParamType[Any]
    Choice = click.Choice[str]
else:
    ParamType, Choice = click.ParamType, click.Choice

TIME_TEXT = re.compile(
    r"(?:(?:(?P<hours>[0-9]{1,4}):(?=[0-9]{1,2}:))?(?P<minutes>[0-9]{1,4}):(?=[0-5]?[0-9](?:\.|$)))?"
    r"(?P<seconds>[0-9]{1,9}(?:\.[0-9]{1,9})?)"
)
UNIT_TEXT = re.compile(r"(?P<count>[0-9]{1,9}(?:\.[0-9]{1,9})?)(?P<unit>ms|s|m|h)")
UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600)}
BYTES_TEXT = re.compile(r"(?P<count>[0-9]{1,12}(?:\.[0-9]{1,6})?)(?P<unit>[KMGT]?)(?:i?B)?", re.I)
BITRATE_TEXT = re.compile(r"(?P<count>[0-9]{1,12}(?:\.[0-9]{1,6})?)(?P<unit>[KMG]?)", re.I)
BIT_UNITS = {"": 1, "K": 1000, "M": 10**6, "G": 10**9}
BYTE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def nearest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the remedy line with up to three names close to `word`, or nothing."""
    close = difflib.get_close_matches(word.lower(), list(known), n=3, cutoff=0.6)
    return (f"did you mean: {', '.join(close)}",) if close else ()


def _bad(kind: str, text: str, remedy: str) -> UsageError:
    return UsageError("E201", f"{printable(text)!r} is not a {kind}", remedy)


def parse_time(text: str) -> Fraction:
    """Read `SS[.mmm]`, `MM:SS`, `HH:MM:SS`, `90s`, `1.5m` as seconds, exactly."""
    text = text.strip()
    if match := UNIT_TEXT.fullmatch(text):
        return Fraction(match["count"]) * UNITS[match["unit"]]
    match = TIME_TEXT.fullmatch(text)
    if match is None or (match["hours"] and int(match["minutes"]) > 59):
        raise _bad("time", text, "90, 1:30, 0:01:30.5, 90s or 1.5m")
    minutes = int(match["hours"] or 0) * 60 + int(match["minutes"] or 0)
    return minutes * 60 + Fraction(match["seconds"])


def parse_bytes(text: str) -> int:
    """Read `500M` or `2G`, powers of 1024, as bytes."""
    match = BYTES_TEXT.fullmatch(text.strip())
    if match is None:
        raise _bad("number of bytes", text, "500M or 2G")
    return int(Fraction(match["count"]) * BYTE_UNITS[match["unit"].upper()])


def parse_bitrate(text: str) -> int:
    """Read `800k` or `4M`, powers of 1000, as bits per second."""
    match = BITRATE_TEXT.fullmatch(text.strip())
    found = int(Fraction(match["count"]) * BIT_UNITS[match["unit"].upper()]) if match else 0
    if not 1000 <= found <= 10**10:
        raise _bad("bit rate", text, "800k or 4M")
    return found


class Value(ParamType):
    """A click type made of one of the parsers above; its errors are ours."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse text; anything else is a value parsed before."""
        return self._parse(value) if isinstance(value, str) else value


class Named(Choice):
    """A choice whose refusal names the nearest valid words."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(names, case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice in our spelling."""
        text = str(value).lower()
        if text in self.choices:
            return text
        option = param.opts[0] if param else "the option"
        raise UsageError(
            "E201",
            f"{option} has no value {printable(str(value))!r}",
            *nearest(text, self.choices),
            f"one of: {' '.join(self.choices)}",
        )


TIME = Value("time", parse_time)
SIZE = Value("size", parse_size)
RATE = Value("rate", parse_rate)
BYTES = Value("bytes", parse_bytes)
BITRATE = Value("rate", parse_bitrate)
