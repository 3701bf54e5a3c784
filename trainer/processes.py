"""Data parallel training: several processes that `torchrun` started act as one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, distributed, nn

from livecartoon.closing import Closing
from livecartoon.errors import UsageError


class Processes(Closing):
    """This process among its equals; alone, every method does nothing.

    Gradients are averaged after each backward pass, in one message. That serves recipes whose
    step runs a network many times, in which a wrapped module would miscount.
    """

    def __init__(self, device: torch.device) -> None:
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = device
        self._is_host = False
        if self.world > 1 and not distributed.is_initialized():
            if device.type == "cuda":
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
            self._is_host = True

    def close(self) -> None:
        """Leave the group: its threads may not run while the interpreter ends, which aborts it."""
        if self._is_host and distributed.is_initialized():
            distributed.destroy_process_group()
        self._is_host = False

    @property
    def is_first(self) -> bool:
        """Whether this one writes the run folder."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.world == 1:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        distributed.all_reduce(flat)
        flat /= self.world
        for grad, mean in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
            grad.copy_(mean.view_as(grad))

    def agree(self, *figures: float) -> tuple[float, ...]:
        """The first process's figures, on all of them."""
        if self.world == 1:
            return figures
        shared = torch.tensor(figures, dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, 0)
        return tuple(shared.tolist())

    def mean(self, value: Tensor) -> Tensor:
        """Mean of a scalar over the processes."""
        if self.world == 1:
            return value
        shared = value.detach().clone()
        distributed.all_reduce(shared)
        return shared / self.world

    def file_of_first(self, path: Path) -> bytes | None:
        """The first process's file on all of them, None if it has none.

        Others may be on machines that do not see its disk.
        """
        content = path.read_bytes() if self.is_first and path.is_file() else None
        (size,) = self.agree(-1.0 if content is None else float(len(content)))
        if self.world == 1 or size < 0:
            return content
        packed = np.frombuffer(content or bytes(int(size)), np.uint8).copy()
        shared = torch.from_numpy(packed).to(self.device)
        distributed.broadcast(shared, 0)
        return shared.cpu().numpy().tobytes()

    def wait(self) -> None:
        """Until all are here."""
        if self.world > 1:
            distributed.barrier()


def find_device(name: str) -> torch.device:
    """The device of that name; UsageError if there is no GPU."""
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("E201", "no CUDA device here", "-p device=auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
