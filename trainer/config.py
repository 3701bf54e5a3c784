"""Frozen settings of a training run, as written to `config.toml` of its folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from livecartoon.errors import UsageError

DeviceName = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class Training:
    """What every run has; recipes add their losses' weights."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Name -> `key=value` texts; the defaults are the preset `paper`."""
    elastic: ClassVar[frozenset[str]] = frozenset(
        {"budget_s", "threads", "checkpoint_s", "log_every", "device"}
    )
    """Keys that may differ when a run goes on; every other one decides what it learns."""

    model: str = ""
    """A generator's name, such as `cartoongan-tiny`."""
    steps: int = 0
    budget_s: float = 0.0
    """Stop after this many seconds of work, 0 = never; the schedule ends with the earlier one."""
    batch: int = 8
    """Pictures of one step and process."""
    crop: int = 256
    """Pixels; a multiple of 8."""
    learning_rate: float = 2e-4
    ema: float = 0.999
    """Decay of the averaged parameters, which is what a run exports."""
    seed: int = 0
    threads: int = 1
    device: DeviceName = "cpu"
    """`auto` is the GPU if there is one."""
    checkpoint_s: float = 120.0
    """Seconds of work between checkpoints."""
    log_every: int = 50
    """Steps between lines of the journal."""

    def __post_init__(self) -> None:
        if self.crop % 8 or self.crop < 64:
            raise UsageError("E201", f"crop {self.crop} is not a multiple of 8 of at least 64")
        if self.batch < 1 or self.steps < 0 or self.log_every < 1:
            raise UsageError("E201", f"batch {self.batch} or steps {self.steps} is too small")
        if self.device not in ("auto", "cpu", "cuda"):
            raise UsageError("E201", f"device {self.device!r} is none of auto, cpu, cuda")

    def with_parameters(self, texts: tuple[str, ...]) -> Self:
        """Apply `key=value` texts, checked against the fields and their types."""
        changes: dict[str, Any] = {}
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for text in texts:
            key, _, value = text.partition("=")
            if key not in kinds:
                known = ", ".join(sorted(kinds))
                raise UsageError("E201", f"no training parameter {key!r}", f"one of {known}")
            changes[key] = _parsed(key, value, kinds[key])
        return replace(self, **changes)

    def with_preset(self, name: str) -> Self:
        """Apply a preset; `paper` leaves the defaults."""
        if name == "paper":
            return self
        if name not in self.presets:
            known = ", ".join(sorted({*self.presets, "paper"}))
            raise UsageError("E201", f"no preset {name!r} for {self.model}", f"one of {known}")
        return self.with_parameters(self.presets[name])

    def write(self, path: Path) -> None:
        """Store as TOML; reading it back gives an equal object."""
        lines = [f"{key} = {_toml(value)}" for key, value in asdict(self).items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Load a `config.toml`; an unknown key is an error."""
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise UsageError("E206", f"{path}: unknown keys {sorted(unknown)}")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class StudentTraining(Training):
    """Regression of a designed target by a student (target-design recipe)."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=96", "warmup_steps=5"),
        "lite": ("steps=3000",),
    }

    model: str = "student"
    steps: int = 9000
    batch: int = 8
    crop: int = 160
    learning_rate: float = 2e-3
    ema: float = 0.998
    pairs: str = ""
    """Folder of `.npz` pairs."""
    style: str = "shinkai"
    tier: str = "small"
    init: str = ""
    """Folder of another run whose averaged parameters to start from, or a style's weights file;
    empty = from scratch."""
    init_share: float = 1.0
    """Of `init`; the rest is what that run itself started from. The mean of two ends of one path
    keeps more of what each of them does best than a run between them."""
    gate_gain: float = 1.0
    """Factor on the gate's logits at the start from `init`: 2 makes it decide harder, which
    flattens fills and sharpens edges at once; what it costs in colour a short run wins back."""
    warmup_steps: int = 100
    people_share: float = 0.4
    """Of the crops; people are what a webcam sees."""
    absolute_weight: float = 1.0
    square_weight: float = 4.0
    gradient_weight: float = 1.5
    sparse_weight: float = 0.0
    """Of the gradient loss that forgives edges: flattens fills further."""
    quarter_weight: float = 0.5
    line_weight: float = 0.2
    steady_weight: float = 1.0
    """Consistency of two noisy, slightly moved draws of one photo."""
    bf16: bool = False
    """The network under bfloat16 autocast, the losses in float32: twice as fast for `base` and
    `large` on processors that multiply bfloat16, no gain for smaller ones."""
    steady_from: float = 0.35
    """Share of the run after which consistency ramps in."""

    def __post_init__(self) -> None:
        Training.__post_init__(self)
        if self.batch < 2 or self.steps < 1:
            raise UsageError("E201", f"batch {self.batch} or steps {self.steps} is too small")


def _parsed(key: str, value: str, kind: type[Any]) -> object:
    if kind is bool:
        if value not in ("true", "false"):
            raise UsageError("E201", f"{key}={value!r} is neither true nor false")
        return value == "true"
    try:
        return kind(value)
    except ValueError as error:
        raise UsageError("E201", f"{key}={value!r} is not a {kind.__name__}") from error


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
