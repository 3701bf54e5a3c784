"""What became of each file, as told to people and written as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError

Status = Literal["done", "partial", "failed", "skipped", "planned"]


@dataclass(slots=True)
class FileReport:
    """One input and what was made of it; the field names are those of the JSON document."""

    input: Path
    output: Path | None = None
    status: Status = "failed"
    frames_in: int = 0
    frames_out: int = 0
    frames_repeated: int = 0
    duration: float = 0.0
    size: tuple[int, int] = (0, 0)
    infer_size: tuple[int, int] = (0, 0)
    fps_end_to_end: float = 0.0
    speed: float = 0.0
    stage_ms: dict[str, float] = field(default_factory=dict)
    """Busy time of each stage per frame that went through it; stages overlap."""
    predicted_seconds: float | None = None
    """Of a plan for a cluster: until this film is drawn, from the first frame of all on."""
    bytes_in: int = 0
    bytes_out: int = 0
    streams_kept: list[dict[str, Any]] = field(default_factory=list)
    streams_dropped: list[dict[str, Any]] = field(default_factory=list)
    resumed_from_frame: int = 0
    segments: int = 0
    peak_vram: int | None = None
    peak_rss: int | None = None
    warnings: list[str] = field(default_factory=list)
    engine: dict[str, Any] | None = None
    temporal: dict[str, Any] | None = None
    """What the anti-flicker did: mode, frames by method, note."""
    error: LivecartoonError | None = None
    """Why the status is not done; its exit code is the run's for a single file."""

    def measure(self, frames: int, seconds: float) -> None:
        """Note how fast `frames` of the result, all but those of an earlier run, were made."""
        film_s = self.duration * frames / max(1, self.frames_out)
        self.fps_end_to_end = round(frames / seconds, 3) if seconds else 0.0
        self.speed = round(film_s / seconds, 3) if seconds else 0.0
        self.peak_rss = peak_rss()

    def note_stages(self, frames: int, busy_s: Mapping[str, float]) -> None:
        """Note what each stage took of `frames`, those of run-ups among them."""
        share = max(1, frames)
        self.stage_ms = {name: round(1000 * s / share, 3) for name, s in busy_s.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `files` in the JSON document."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["input"] = str(self.input)
        fields["output"] = str(self.output) if self.output else None
        fields["size"], fields["infer_size"] = list(self.size), list(self.infer_size)
        fields["error"] = None
        if self.error is not None:
            fields["error"] = {
                "code": self.error.code,
                "text": self.error.message,
                "try": list(self.error.remedies),
            }
        return fields


def engine_fields(stylize: object) -> dict[str, Any] | None:
    """Return the `engine` object for a stylizer that reports what it runs on."""
    report = getattr(stylize, "report", None)
    if report is None:
        return None
    fields = asdict(report)
    return {
        "device": fields["device"],
        "name": fields["name"],
        "backend": fields["backend"],
        "precision": fields["precision"],
        "tier": fields["tier"],
        "tiles": fields["tiles"],
        "fallback_reason": fields["fallback_reason"],
        "engine_key": fields["key"],
        "build_seconds": fields["build_seconds"],
        "selftest": fields["selftest"],
    }


def temporal_fields(stylize: object) -> dict[str, Any] | None:
    """Return the `temporal` object for a stylizer that steadies."""
    report = getattr(stylize, "temporal", None)
    if report is None:
        return None
    return {"mode": report.mode, "frames": dict(report.frames), "note": report.note}


def planned_engine(options: EngineOptions, width: int, height: int) -> dict[str, Any]:
    """Return the `engine` object of a job before it starts, and its `infer_size`."""
    from livecartoon.styles import find_style
    from livecartoon.wanted import choose_engine, engine_spec

    device, backend, reason = choose_engine(options)
    spec, tier = engine_spec(find_style(options.style), width, height, options, device)
    return {
        "device": device,
        "name": device,
        "backend": backend,
        "precision": spec.precision,
        "tier": tier,
        "fallback_reason": reason,
        "engine_key": None,
        "infer_size": (-(-width // spec.reduction), -(-height // spec.reduction)),
    }


def slowest_stage(busy_s: Mapping[str, float], stylized_s: Mapping[str, float]) -> str:
    """Name what sets the pace; `stylized_s` are the parts of the pipeline's "stylize"."""
    stages = {**busy_s, **stylized_s}
    if stylized_s:
        stages.pop("stylize", None)
    return max(stages, key=lambda name: stages[name])


def peak_rss() -> int | None:
    """Return the largest resident size of this process so far in bytes, None if unknown."""
    if sys.platform == "win32":
        return None
    if sys.platform == "linux":  # getrusage would tell the size of whoever started this process
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
