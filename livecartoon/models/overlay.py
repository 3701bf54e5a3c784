"""What a style without weights of its own lays over another's network: colours and lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from livecartoon.errors import UsageError
from livecartoon.models.cube import Lattice, cube_bytes, read_lattice
from livecartoon.models.inkstyle import InkStyle

LIMITS = {
    "sigma": (0.3, 3.0),
    "threshold": (1e-3, 1.0),
    "ramp": (0.05, 20.0),
    "strength": (0.0, 4.0),
    "tint": (0.0, 1.0),
    "tone": (0.0, 1.0),
}
Ink = tuple[tuple[str, Any], ...]
"""Fields of InkStyle with other values, by name."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Everything of it that changes the picture; an empty one changes nothing."""

    lut: Path | None = None
    """The colour table between fills and lines."""
    lut_sha256: str = ""
    ink: Ink = ()

    @property
    def identity(self) -> str:
        """Hash over all but the table's place."""
        return hashlib.sha256(f"{self.lut_sha256}{self.ink}".encode()).hexdigest()

    def lines(self, base: InkStyle) -> InkStyle:
        """How the style draws its lines, given how its base does."""
        return replace(base, **dict(self.ink))

    def lattice(self) -> Lattice | None:
        """The colour table; ModelError E605, E607."""
        return None if self.lut is None else read_lattice(self.lut, self.lut_sha256)


def overlay_of(lut: Path | None, ink: Ink, header: Mapping[str, str]) -> Overlay | None:
    """The overlay of a style on the weights of that header, None if it has none.

    ModelError E607 if the table is not there, UsageError E201 if the network lays no fills apart.
    """
    if lut is None and not ink:
        return None
    if header["arch"] != "student":
        name = header.get("style", "a paper's network")
        raise UsageError("E201", f"{name} cannot be a base: only our own networks can", "shinkai")
    sha256 = hashlib.sha256(cube_bytes(lut)).hexdigest() if lut is not None else ""
    return Overlay(lut, sha256, ink)


def checked_ink(values: Mapping[str, Any], where: str) -> Ink:
    """Line parameters as a style's table has them; UsageError E206."""
    known = {field.name for field in fields(InkStyle)}
    for name, value in values.items():
        if name not in known:
            raise UsageError("E206", f"{where}: unknown ink key {name!r}", ", ".join(sorted(known)))
        low, high = LIMITS[name]
        numbers = list(value) if isinstance(value, list | tuple) else [value]
        is_right = len(numbers) == (3 if name == "tone" else 1) and all(
            isinstance(n, int | float) and not isinstance(n, bool) and low <= n <= high
            for n in numbers
        )
        if not is_right or isinstance(value, list | tuple) != (name == "tone"):
            shape = "three numbers" if name == "tone" else "a number"
            raise UsageError("E206", f"{where}: ink.{name} = {value!r}", f"{shape}, {low}..{high}")
    made = {n: tuple(map(float, v)) if n == "tone" else float(v) for n, v in values.items()}
    return tuple(sorted(made.items()))
