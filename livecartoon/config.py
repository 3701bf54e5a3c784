"""Frozen settings of a run, checked when made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args, get_origin, get_type_hints

from livecartoon.errors import UsageError

BackendName = Literal["auto", "tensorrt", "rtx", "torch", "openvino", "ort"]
Precision = Literal["auto", "bf16", "fp16", "fp32", "int8"]
TemporalName = Literal["auto", "off", "blend", "flow"]
LEAST_MEMORY = 16 << 20
"""Bytes below which a limit can only be a slip of the keys."""
TIERS = ("nano", "small", "base", "large")


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise UsageError unless low <= value <= high."""
    if not low <= value <= high:
        raise UsageError(
            "E201", f"{name} {value} is outside {low}..{high}", f"{name} between {low} and {high}"
        )


def check_choices(settings: object) -> None:
    """Raise UsageError unless every field of a few words has one of them."""
    for name, kind in get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        if get_origin(kind) is Literal and value not in get_args(kind):
            words = " ".join(map(str, get_args(kind)))
            raise UsageError("E201", f"{name} has no value {value!r}", f"one of: {words}")


@dataclass(frozen=True, slots=True)
class Look:
    """Live sliders of the picture; the defaults are the identity."""

    strength: float = 1.0
    """0 = the source, 1 = the cartoon."""
    keep_color: float = 0.0
    """1 = the source's chroma and mean luma."""
    ink: float = 1.0
    """Darkness of the lines relative to the style's own, 0..2."""
    vivid: float = 1.0
    """Chroma relative to the style's own, 0..2."""

    def __post_init__(self) -> None:
        check_range("strength", self.strength, 0.0, 1.0)
        check_range("keep-color", self.keep_color, 0.0, 1.0)
        check_range("ink", self.ink, 0.0, 2.0)
        check_range("vivid", self.vivid, 0.0, 2.0)


@dataclass(frozen=True, slots=True)
class SnapPlan:
    """Grid and palette of one stream, found beforehand."""

    cell: int
    x: int
    """A column where a cell begins, below `cell`."""
    y: int
    colors: tuple[tuple[int, int, int], ...]
    """RGB levels."""


@dataclass(frozen=True, slots=True)
class SnapOptions:
    """The pixel-art finish."""

    cell: int | None = None
    """Pixels a side, None = the picture's own grid, else about 160 cells along it."""
    colors: int = 16
    palette: str = "auto"
    """`auto` once per stream, `per-scene`, or a file of colours."""
    vote_margin: float = 0.15
    """Lead in votes that a cell needs to change its colour."""
    vote_memory: float = 0.5
    """Share of the past in the vote."""
    orphans: bool = True
    """Remove stray single cells."""
    dither: bool = False
    """Ordered pattern of 4x4 cells."""
    plan: SnapPlan | None = None
    """What to use instead of finding it; a job that saw the whole file sets it."""

    def __post_init__(self) -> None:
        if self.cell is not None:
            check_range("cell", self.cell, 2, 256)
        check_range("colors", self.colors, 2, 256)
        check_range("vote-margin", self.vote_margin, 0.0, 1.0)
        check_range("vote-memory", self.vote_memory, 0.0, 0.99)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Which style runs on what, as typed; `auto` leaves the choice to us."""

    style: str = "shinkai"
    tier: str = "auto"
    device: str = "auto"
    backend: BackendName = "auto"
    precision: Precision = "auto"
    infer_size: str = "auto"
    threads: int = 0
    """CPU threads for the network, 0 = decide."""
    look: Look = Look()
    temporal: TemporalName = "auto"
    temporal_strength: float = 0.6
    snap: SnapOptions | None = None
    """Finish as pixel art."""
    own_snap: bool = True
    """Without `snap`: whether a style that brings a finish along gets it."""
    mem_limit: int | None = None
    """Bytes of the card, on a CPU of this process, that a run may take."""
    tiles: int = 1
    """Pieces a side in which a frame is drawn; more where it would take too much memory."""

    def __post_init__(self) -> None:
        check_choices(self)
        check_range("temporal-strength", self.temporal_strength, 0.0, 1.0)
        check_range("threads", self.threads, 0, 1024)
        check_range("tiles", self.tiles, 1, 16)
        if self.mem_limit is not None and self.mem_limit < LEAST_MEMORY:
            raise UsageError("E201", "mem-limit is below 16M", "--mem-limit 500M")
