"""Everything a run needs to go on after a stop: networks, averages, optimiser, randomness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a network's parameters, quick at the start.

    The rate is min(decay, (n + 1) / (n + 20)) after n updates.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.tensors = {name: t.detach().clone() for name, t in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move towards the network's present parameters."""
        keep = min(self.decay, (self.updates + 1) / (self.updates + 20))
        for name, value in network.state_dict().items():
            self.tensors[name].lerp_(value, 1 - keep)
        self.updates += 1


@dataclass
class TrainingState:
    """One run in memory."""

    network: nn.Module
    average: Average
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    step: int = 0
    worked_s: float = 0.0
    """CPU seconds of work so far, over all sessions."""

    def save(self, path: Path) -> None:
        """Write atomically."""
        content: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.tensors,
            "average_updates": self.average.updates,
            "optimizer": self.optimizer.state_dict(),
            "rng": _rng_tensor(self.rng),
            "torch_rng": torch.get_rng_state(),
            "step": self.step,
            "worked_s": self.worked_s,
        }
        partial = path.with_name(path.name + ".partial")
        torch.save(content, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on where `save` left."""
        content = torch.load(path, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.average.tensors = content["average"]
        self.average.updates = content["average_updates"]
        self.optimizer.load_state_dict(content["optimizer"])
        _restore_rng(self.rng, content["rng"])
        torch.set_rng_state(content["torch_rng"])
        self.step = content["step"]
        self.worked_s = content["worked_s"]


def _rng_tensor(rng: np.random.Generator) -> Tensor:
    """PCG64's two 128-bit numbers and its spare half-word as bytes."""
    state = rng.bit_generator.state
    numbers = (state["state"]["state"], state["state"]["inc"])
    packed = b"".join(int(number).to_bytes(16, "little") for number in numbers)
    packed += int(state["has_uint32"]).to_bytes(1, "little")
    packed += int(state["uinteger"]).to_bytes(4, "little")
    return torch.tensor(list(packed), dtype=torch.uint8)


def _restore_rng(rng: np.random.Generator, packed: Tensor) -> None:
    content = bytes(packed.tolist())
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {
            "state": int.from_bytes(content[:16], "little"),
            "inc": int.from_bytes(content[16:32], "little"),
        },
        "has_uint32": content[32],
        "uinteger": int.from_bytes(content[33:37], "little"),
    }
