"""Frozen settings of a training run, as written to `config.toml` of its folder."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from livecartoon.errors import UsageError


@dataclass(frozen=True, slots=True)
class StudentTraining:
    """Regression of a designed target by a student (target-design recipe)."""

    pairs: str = ""
    """Folder of `.npz` pairs."""
    style: str = "shinkai"
    tier: str = "small"
    init: str = ""
    """Folder of another run whose averaged parameters to start from, empty = from scratch."""
    gate_gain: float = 1.0
    """Factor on the gate's logits at the start from `init`: 2 makes it decide harder, which
    flattens fills and sharpens edges at once; what it costs in colour a short run wins back."""
    steps: int = 9000
    budget_s: float = 0.0
    """Stop after this many seconds of work, 0 = never; the schedule ends with the earlier one."""
    batch: int = 8
    crop: int = 160
    """Pixels; a multiple of 8."""
    learning_rate: float = 2e-3
    warmup_steps: int = 100
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    checkpoint_s: float = 120.0
    """Seconds of work between checkpoints."""
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
    steady_from: float = 0.35
    """Share of the run after which consistency ramps in."""

    def __post_init__(self) -> None:
        if self.crop % 8 or self.crop < 64:
            raise UsageError("E201", f"crop {self.crop} is not a multiple of 8 of at least 64")
        if self.batch < 2 or self.steps < 1:
            raise UsageError("E201", f"batch {self.batch} or steps {self.steps} is too small")

    def with_parameters(self, texts: tuple[str, ...]) -> Self:
        """Apply `key=value` texts, checked against the fields and their types."""
        changes: dict[str, Any] = {}
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for text in texts:
            key, _, value = text.partition("=")
            if key not in kinds:
                known = ", ".join(sorted(kinds))
                raise UsageError("E201", f"no training parameter {key!r}", f"one of {known}")
            try:
                changes[key] = kinds[key](value)
            except ValueError as error:
                raise UsageError(
                    "E201", f"{key}={value!r} is not a {kinds[key].__name__}"
                ) from error
        return replace(self, **changes)

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


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
