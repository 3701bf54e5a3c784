"""What a student starts from: another run, or the weights file of a style."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livecartoon.errors import UsageError
from livecartoon.models.blocks import RepConv
from livecartoon.models.checkpoint import read_checkpoint, read_header
from livecartoon.models.load import load_student
from livecartoon.models.student import Student
from trainer.config import StudentTraining
from trainer.state import averaged_tensors, read_state, state_file

WEIGHTS = ".safetensors"


def beginning(init: Path, share: float, student: Student) -> dict[str, Tensor]:
    """Training parameters for `student` from a run's average or a weights file of its tier.

    `share` below 1 mixes in what that run itself started from. UsageError E201 if a file is of
    another tier, or to be mixed; InputError E301, ModelError E60x if it cannot be read.
    """
    if init.suffix != WEIGHTS:
        tensors = averaged_tensors(init)
        if share == 1:
            return tensors
        before = beginning(Path(StudentTraining.read(init / "config.toml").init), 1, student)
        return {name: share * value + (1 - share) * before[name] for name, value in tensors.items()}
    if share != 1:
        raise UsageError("E201", "init_share needs the folder of a run, not a weights file")
    fused = load_student(read_checkpoint(init))
    if fused.config != student.config:
        raise UsageError("E201", f"{init.name} is of another tier", "--tier, or another file")
    return _unfused(fused.state_dict(), student)


def _unfused(fused: dict[str, Tensor], student: Student) -> dict[str, Tensor]:
    """The branches of which `fused` is the sum: what the 3x3 kernel takes of them, it gives."""
    tensors = dict(fused)
    for name, module in student.named_modules():
        if not isinstance(module, RepConv) or module.point is None:
            continue
        tensors[f"{name}.point.weight"] = torch.zeros_like(module.point.weight)
        if module.has_identity:
            kernel = tensors[f"{name}.conv.weight"].clone()
            channels = torch.arange(len(kernel))
            kernel[channels, channels, 1, 1] -= 1.0
            tensors[f"{name}.conv.weight"] = kernel
    return tensors


def lineage(run: Path) -> list[dict[str, Any]]:
    """Configurations of a run and of those it started from, the oldest first.

    A file that travels names no folder of the machine it was made on.
    """
    training = asdict(StudentTraining.read(run / "config.toml"))
    names = {key: Path(training[key]).name for key in ("pairs", "init")}
    return [*_earlier(Path(training["init"])), training | names | {"run": run.name}]


def _earlier(init: Path) -> list[dict[str, Any]]:
    if init.suffix == WEIGHTS:
        before: list[dict[str, Any]] = json.loads(read_header(init)["training"])
        return before
    return lineage(init) if init.name else []


def steps(run: Path) -> list[str]:
    """Steps of a run and of those it started from, the oldest first."""
    init = Path(StudentTraining.read(run / "config.toml").init)
    if init.suffix == WEIGHTS:
        earlier = read_header(init)["steps"].split(" + ")
    else:
        earlier = steps(init) if init.name else []
    return [*earlier, str(read_state(state_file(run))["step"])]
