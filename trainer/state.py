"""Everything a run needs to go on after a stop: networks, averages, optimisers, step."""

from __future__ import annotations

import errno
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from livecartoon.errors import InputError, OutputError
from trainer.recipes.base import Recipe

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Average:
    """Exponential moving average of a network's parameters, quick at the start.

    The rate is min(decay, (n + 1) / (n + 20)) after n updates. Buffers are copied: the vectors
    of a spectral norm or the counter of a batch norm have no mean.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.tensors = {name: t.detach().clone() for name, t in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards the network's present parameters."""
        keep = min(self.decay, (self.updates + 1) / (self.updates + 20))
        learnt = {name for name, _ in network.named_parameters()}
        for name, value in network.state_dict().items():
            if name in learnt:
                self.tensors[name].lerp_(value, 1 - keep)
            else:
                self.tensors[name].copy_(value)
        self.updates += 1


@dataclass
class TrainingState:
    """One run in memory."""

    recipe: Recipe
    average: Average
    step: int = 0
    worked_s: float = 0.0
    """Seconds of work so far, over all sessions: of the processor, on a GPU of the clock."""
    facts: dict[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write atomically; a full disk is OutputError E403 and leaves the file before it."""
        content: dict[str, Any] = {
            "networks": self.recipe.networks.state_dict(),
            "average": self.average.tensors,
            "average_updates": self.average.updates,
            "optimizers": {n: o.state_dict() for n, o in self.recipe.optimizers.items()},
            "step": self.step,
            "worked_s": self.worked_s,
        }
        packed = io.BytesIO()  # torch's own writer turns a full disk into an internal error
        torch.save(content, packed)
        write_bytes(path, packed.getbuffer())

    def load(self, saved: bytes) -> None:
        """Go on where `save` left: `saved` is what it wrote."""
        content = _unpacked(io.BytesIO(saved))
        self.recipe.networks.load_state_dict(content["networks"])
        for name, tensor in self.average.tensors.items():
            tensor.copy_(content["average"][name])
        self.average.updates = content["average_updates"]
        for name, optimizer in self.recipe.optimizers.items():
            optimizer.load_state_dict(content["optimizers"][name])
        self.step = content["step"]
        self.worked_s = content["worked_s"]


def state_file(run: Path) -> Path:
    """Where a run keeps its state."""
    return run / "ckpt" / "last.pt"


def read_state(path: Path) -> dict[str, Any]:
    """What `save` wrote, on the CPU; InputError E301 if there is no such file."""
    if not path.is_file():
        raise InputError("E301", f"no checkpoint {path}", "give the folder of a run")
    return _unpacked(path)


def _unpacked(saved: Path | io.BytesIO) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(saved, weights_only=True, map_location="cpu")
    return content


def averaged_tensors(run: Path) -> dict[str, Tensor]:
    """The averaged parameters of a run's last checkpoint."""
    tensors: dict[str, Tensor] = read_state(state_file(run))["average"]
    return tensors


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write under another name, then rename: whatever goes wrong, the old file stays."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        code = "E403" if error.errno in FULL else "E402"
        raise OutputError(
            code, f"cannot write {path} ({error.strerror})", "free some space, then run it again"
        ) from error
