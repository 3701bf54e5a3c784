"""What the program knows of a style. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

TIERS = ("nano", "small", "base", "large")


@dataclass(frozen=True, slots=True)
class Style:
    """A look with a name: trained weights in one or more tiers, or a filter without any."""

    name: str
    title: str
    description: str
    kind: Literal["generator", "filter"]
    files: dict[str, Path] = field(default_factory=dict)
    """Weights file by tier, smallest tier first; empty for a filter."""
    strength: float = 1.0
    keep_color: float = 0.0
    temporal: str = "auto"
    temporal_strength: float = 0.6
    licence: str = ""
    card: Path | None = None
    order: int = 99
    """Position in lists and on the number keys."""
    aliases: tuple[str, ...] = ()
    base: str = ""
    """The style whose networks it draws with, if it has none of its own."""
    lut: Path | None = None
    """Its colour table over that."""
    ink: tuple[tuple[str, Any], ...] = ()
    """Its line parameters over that."""
    snap: tuple[tuple[str, int], ...] | None = None
    """`cell` and `colors` of its pixel-art finish, None without one."""

    def file_for(self, tier: str) -> tuple[str, Path]:
        """The tier asked for, or the next smaller one the style has, else its smallest."""
        wanted = TIERS.index(tier)
        smaller = [name for name in TIERS[: wanted + 1] if name in self.files]
        chosen = smaller[-1] if smaller else next(iter(self.files))
        return chosen, self.files[chosen]
