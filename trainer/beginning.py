"""What a student starts from: another run, or the weights file of a style."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.errors import UsageError
from livecartoon.models.blocks import RepConv
from livecartoon.models.checkpoint import read_checkpoint, read_header
from livecartoon.models.load import load_student
from livecartoon.models.student import Student
from trainer.config import StudentTraining
from trainer.state import averaged_tensors, read_state, state_file

WEIGHTS = ".safetensors"


def beginning(init: Path, share: float, student: Student) -> dict[str, Tensor]:
    """Training parameters for `student` from a run's average or a weights file.

    A file of a smaller tier is widened: the student begins with its picture, or nearly
    (`unfused`). `share` below 1 mixes in what that run itself started from. UsageError E201 if a
    file is of a larger tier, or to be mixed; InputError E301, ModelError E60x if it cannot be read.
    """
    if init.suffix != WEIGHTS:
        tensors = averaged_tensors(init)
        if share == 1:
            return tensors
        before = _beginning_of(init, student)
        return {name: share * value + (1 - share) * before[name] for name, value in tensors.items()}
    if share != 1:
        raise UsageError("E201", "init_share needs the folder of a run, not a weights file")
    return unfused(load_student(read_checkpoint(init)).state_dict(), student)


def _beginning_of(run: Path, student: Student) -> dict[str, Tensor]:
    """What `run` started from, its gate's gain included."""
    earlier = StudentTraining.read(run / "config.toml")
    if not earlier.init:
        raise UsageError("E201", f"{run.name} began with nothing to mix in", "init_share=1")
    return with_gate_gain(
        beginning(Path(earlier.init), earlier.init_share, student), earlier.gate_gain
    )


def with_gate_gain(tensors: dict[str, Tensor], gain: float) -> dict[str, Tensor]:
    """The same parameters with the gate's logits times `gain`."""
    return tensors | {name: gain * tensors[name] for name in ("gate.weight", "gate.bias")}


def unfused(fused: dict[str, Tensor], student: Student) -> dict[str, Tensor]:
    """Training parameters with which `student` draws what a fused one of its tier or below does.

    Where it is larger (Net2Net, Chen et al. 2016): new channels see everything and are not yet
    listened to, new blocks only pass on, a 1x1 head is the middle of a 3x3 one. A 3x3 head that
    becomes a 1x1 one is summed up: nearly its picture. UsageError E201 if `student` is smaller.
    """
    if any(_count(fused, room) > len(blocks) for room, blocks in _rooms(student)):
        raise _too_large()
    fused = _last_block_last(fused, len(student.quarter_out))
    tensors = {name: value.clone() for name, value in student.state_dict().items()}
    for name, value in tensors.items():
        given = fused.get(name)
        if given is None:  # a branch that the fused kernel holds, or a new block
            value.zero_()
            continue
        if given.dim() == value.dim() == 4:
            reach = (value.shape[-1] - given.shape[-1]) // 2
            given = F.pad(given, (reach, reach, reach, reach)) if reach > 0 else given
            given = given.sum((2, 3), keepdim=True) if reach < 0 and value.shape[-1] == 1 else given
        if len(given) > len(value) or given.shape[2:] != value.shape[2:]:
            raise _too_large()
        value[: len(given)] = 0
        value[tuple(slice(side) for side in given.shape)] = given
    for name in _with_identity(student):
        if (given := fused.get(f"{name}.conv.weight")) is not None:
            channels = torch.arange(len(given))  # the identity branch adds it again
            tensors[f"{name}.conv.weight"][channels, channels, 1, 1] -= 1.0
    return tensors


def _too_large() -> UsageError:
    return UsageError("E201", "the weights file is of a larger tier", "--tier, or another")


def _rooms(student: Student) -> Iterator[tuple[str, nn.Sequential]]:
    for room in ("quarter_in", "eighth", "quarter_out"):
        yield room, getattr(student, room)


def _count(fused: dict[str, Tensor], room: str) -> int:
    """How many blocks there are."""
    return len({name.split(".")[1] for name in fused if name.startswith(f"{room}.")})


def _last_block_last(fused: dict[str, Tensor], blocks: int) -> dict[str, Tensor]:
    """The same with its last block before the heads, the widest, as the last of so many."""
    last, wanted = f"quarter_out.{_count(fused, 'quarter_out') - 1}.", f"quarter_out.{blocks - 1}."
    return {name.replace(last, wanted): value for name, value in fused.items()}


def _with_identity(student: Student) -> list[str]:
    modules = student.named_modules()
    return [name for name, m in modules if isinstance(m, RepConv) and m.has_identity]


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
