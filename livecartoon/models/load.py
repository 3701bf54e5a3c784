"""From a weights file to a generator ready for inference."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import torch

from livecartoon.errors import ModelError
from livecartoon.models.checkpoint import Checkpoint
from livecartoon.models.ink import InkStyle
from livecartoon.models.student import Student, StudentConfig


def load_student(checkpoint: Checkpoint) -> Student:
    """Build the student of a weights file, fused, in eval mode, FP32; E604 if shapes differ."""
    student = Student(_config(StudentConfig, checkpoint.json_field("arch_config")))
    student.fuse()
    wanted = {name: tuple(value.shape) for name, value in student.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in checkpoint.tensors.items()}
    if wanted != given:
        different = sorted(
            name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name)
        )
        raise ModelError(
            "E604", f"{len(different)} tensors differ from the architecture, first {different[0]}"
        )
    tensors = {
        name: torch.from_numpy(array.astype(np.float32))
        for name, array in checkpoint.tensors.items()
    }
    student.load_state_dict(tensors)
    return student.eval().requires_grad_(False)


def load_ink(checkpoint: Checkpoint) -> InkStyle:
    """How the style of a weights file draws its lines."""
    values = checkpoint.json_field("ink")
    if "tone" in values:
        values["tone"] = tuple(values["tone"])
    ink: InkStyle = _config(InkStyle, values)
    return ink


def _config(kind: type[Any], values: dict[str, Any]) -> Any:  # noqa: ANN401  any of our configs
    known = {field.name for field in fields(kind)}
    if unknown := set(values) - known:
        raise ModelError("E604", f"unknown {kind.__name__} fields {sorted(unknown)}", "update")
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        raise ModelError("E604", f"{kind.__name__}: {error}") from error
