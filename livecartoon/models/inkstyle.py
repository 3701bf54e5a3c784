"""How a style draws its lines: plain numbers, for the graph and for those who draw without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from livecartoon.models.checkpoint import config_of, json_field

WIDER = 1.6
"""Ratio of the two Gaussians of each difference."""


@dataclass(frozen=True, slots=True)
class InkStyle:
    """How a style draws its lines."""

    sigma: float = 0.8
    """Pixels; width of the lines."""
    threshold: float = 0.03
    """Relative darkness at which a line begins."""
    ramp: float = 1.4
    """A line is full at (1 + ramp) x threshold."""
    strength: float = 0.6
    """Opacity of a full line."""
    tint: float = 0.3
    """Share of the fill's own colour that shows through a line."""
    tone: tuple[float, float, float] = (0.02, 0.0, 0.0)
    """RGB the line tends to."""

    def __post_init__(self) -> None:
        if not (0.3 <= self.sigma <= 3 and 1e-3 <= self.threshold <= 1 and self.ramp > 0):
            raise ValueError(f"ink parameters out of range: {asdict(self)}")


def ink_of(header: Mapping[str, str]) -> InkStyle:
    """How the style of a weights file draws its lines; ModelError E603, E604."""
    values = json_field(header, "ink")
    values.pop("coarse", None)  # files of earlier versions had wide lines as well
    if "tone" in values:
        values["tone"] = tuple(values["tone"])
    return config_of(InkStyle, values)


def line_scale(reduction: int) -> float:
    """Width of the lines at `reduction` times the network's size, 1 = the style's.

    A drawing made larger gets wider lines, but not in proportion: they look finer drawn.
    """
    return float(reduction**0.5)
