"""What the training loop asks of every recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Bytes = NDArray[np.uint8]
Tensors = dict[str, Tensor]


class Moment(NamedTuple):
    """Where a run is; everything random in a step is drawn from it."""

    step: int
    done: float
    """Share of the run, 0..1."""
    seed: int

    def random(self) -> torch.Generator:
        """The generator of this step, the same in all processes, whenever it is asked for."""
        seed = np.random.SeedSequence((self.seed, self.step)).generate_state(1)[0]
        return torch.Generator().manual_seed(int(seed))


class Term(NamedTuple):
    """One loss before its weight."""

    weight: float
    value: Tensor


@dataclass(frozen=True, slots=True)
class Move:
    """One optimiser step: who moves, and what it minimises."""

    player: str
    terms: Mapping[str, Term]
    notes: Mapping[str, Tensor] = field(default_factory=dict)
    """Figures for the journal only, such as a critic's accuracies."""

    def total(self) -> Tensor:
        """The weighted sum."""
        return torch.stack([term.weight * term.value for term in self.terms.values()]).sum()


class Recipe(Protocol):
    """Networks, losses and schedule of one run."""

    @property
    def networks(self) -> nn.ModuleDict:
        """All that learns or remembers; a checkpoint holds its state."""
        ...

    @property
    def averaged(self) -> nn.Module:
        """The part whose moving average a run exports."""
        ...

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """By the names that moves carry."""
        ...

    @property
    def clip(self) -> float | None:
        """Largest norm of a move's gradient."""
        ...

    @property
    def steps(self) -> int:
        """Length of the run."""
        ...

    def loader(self, rank: int, world: int) -> Callable[[int], Any]:
        """Batches as a pure function of the step."""
        ...

    def schedule(self, moment: Moment) -> str:
        """Set the learning rates; returns the name of the phase."""
        ...

    def moves(self, batch: Any, moment: Moment) -> Iterator[Move]:  # noqa: ANN401  what its loader gives
        """The moves of one step, each computed after the one before has been made."""
        ...

    def start(self) -> None:
        """Prepare a run from scratch, after the networks are built."""
        ...

    def sheet(self, averaged: Tensors) -> list[tuple[Bytes, ...]]:
        """Rows of sample pictures, the photo first."""
        ...

    def judge(self, averaged: Tensors) -> dict[str, float]:
        """Figures of the finished run."""
        ...

    def facts(self) -> dict[str, Any]:
        """What else the run's record should hold, such as the perceptual network."""
        ...


@contextmanager
def playing(players: Mapping[str, nn.Module], player: str | None) -> Iterator[None]:
    """Let one player learn: the others are frozen, and in eval mode.

    Frozen networks still pass gradients on to pictures; in eval mode the vectors of their
    spectral norms stand still. None: nobody learns.
    """
    for name, network in players.items():
        is_learning = name == player
        network.train(is_learning).requires_grad_(is_learning)
    yield
