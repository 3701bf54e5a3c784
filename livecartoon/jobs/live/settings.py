"""What a live run is asked for, and what it says about itself afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from livecartoon.config import Look
from livecartoon.errors import UsageError
from livecartoon.escape import without_secrets
from livecartoon.sources.base import Source

HudLevel = Literal["off", "min", "full"]
EndReason = Literal[
    "quit", "window-closed", "interrupt", "terminated", "duration", "frames", "source-ended"
]

STREAM_SCHEMES = ("rtmp://", "rtmps://", "rtsp://", "udp://")
RECORD_SUFFIXES = (".mkv", ".mp4", ".mov", ".m4v")


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The flags of `livecartoon cam` that are not about the look or the engine."""

    camera: str = ""
    """Index, name, device path, video file, URL or `pattern:`; empty = first camera."""
    source: Source | None = None
    """An open source, used instead of `camera`."""
    width: int = 1280
    height: int = 720
    rate: Fraction = Fraction(30)
    input_format: Literal["auto", "mjpeg", "yuyv"] = "auto"
    is_looped: bool = False
    """A video file starts over at its end."""
    mirror: bool | None = None
    """In the window only; recordings keep left and right. None: cameras only."""
    show: bool = True
    fullscreen: bool = False
    hud: HudLevel = "min"
    record: Path | None = None
    overwrite: bool = False
    vcam: str | None = None
    """Loopback device, "" = the first one, None = no virtual camera."""
    stream: str | None = None
    """Address of a receiver."""
    sinks: tuple[str, ...] = ()
    """Further receivers; `null` measures only."""
    static_skip: bool = True
    """Reuse the last result while the picture stands still."""
    target_fps: Fraction | None = None
    """Pictures a second to hold and not to exceed; None = as many as the camera gives."""
    max_latency_ms: float = 100.0
    """From capture to show; above it the governor takes a faster engine."""
    governor: bool = True
    """Change size and tier of the network to hold rate and latency."""
    duration_s: float | None = None
    """End that long after the first styled picture."""
    frames: int | None = None
    """End after that many styled pictures."""
    reconnect_s: float = 30.0
    snapshot_dir: Path | None = None
    """None = the pictures folder, else the current one."""

    def __post_init__(self) -> None:
        has_outlet = self.record or self.sinks or self.stream or self.vcam is not None
        if not (self.show or has_outlet):
            raise UsageError(
                "E204",
                "nothing would show or store the picture",
                "drop --no-show, or add --record FILE",
                "--sink null only measures",
            )
        if self.record and self.record.suffix.lower() not in RECORD_SUFFIXES:
            raise UsageError(
                "E201",
                f"a live recording cannot be a {self.record.suffix or 'file without a suffix'}",
                f"one of {' '.join(RECORD_SUFFIXES)}: they survive a crash",
            )
        if self.stream is not None and not self.stream.startswith(STREAM_SCHEMES):
            raise UsageError(
                "E201",
                f"cannot stream to {without_secrets(self.stream)}",
                f"an address that begins with one of: {' '.join(STREAM_SCHEMES)}",
            )
        for sink in self.sinks:
            if sink != "null":
                raise UsageError("E201", f"no sink named {sink!r}", "--sink null")
        self._check_figures()

    def _check_figures(self) -> None:
        if not (16 <= self.width <= 8192 and 16 <= self.height <= 8192):
            raise UsageError("E201", f"size {self.width}x{self.height}", "--size 1280x720")
        if not 0 < self.rate <= 1000:
            raise UsageError("E201", f"rate {self.rate}", "--fps 30")
        if self.target_fps is not None and not 0 < self.target_fps <= 1000:
            raise UsageError("E201", f"target rate {self.target_fps}", "--target-fps 30")
        if not 0 < self.max_latency_ms <= 60_000:
            raise UsageError("E201", f"latency {self.max_latency_ms} ms", "--max-latency 100")
        if self.duration_s is not None and self.duration_s <= 0:
            raise UsageError("E203", f"duration {self.duration_s} s", "--duration 10s")
        if self.frames is not None and self.frames < 1:
            raise UsageError("E203", f"{self.frames} frames", "--frames 100")


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """A look at a run under way, twice a second."""

    seconds: float
    style: str
    shown_fps: float
    latency_ms: float
    dropped: int
    is_warming: bool
    note: str
    """What the user should know now, else empty."""
    look: Look = field(default_factory=Look)
    is_original: bool = False
    is_frozen: bool = False
    compare: str = "off"
    level: str = ""
    """What the governor has chosen."""
    is_too_slow: bool = False
    temporal: str = "auto"
    """The anti-flicker as chosen."""
    shown: int = 0
    """Styled pictures so far."""


@dataclass(slots=True)
class LiveReport:
    """The measurements of one run; `as_json` has the fields of the product's JSON."""

    seconds: float = 0.0
    first_styled_s: float | None = None
    """From the start of the job to the first styled picture on show."""
    camera: dict[str, Any] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    fps: dict[str, float] = field(default_factory=dict)
    latency_ms: dict[str, float | None] = field(default_factory=dict)
    levels: list[dict[str, Any]] = field(default_factory=list)
    """Sizes the network ran at, in the order of use."""
    governor_changes: int = 0
    styles: list[dict[str, Any]] = field(default_factory=list)
    sinks: list[dict[str, Any]] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    reconnects: int = 0
    end_reason: EndReason = "source-ended"
    engine: dict[str, Any] | None = None
    temporal: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return plain values only."""
        return asdict(self)
