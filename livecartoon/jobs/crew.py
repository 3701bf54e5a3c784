"""What a conversion asks of workers that are not in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from livecartoon.config import EngineOptions
from livecartoon.jobs.laps import Hand
from livecartoon.jobs.lapwork import Halt
from livecartoon.jobs.planning import Plan
from livecartoon.stylizer import EngineReport


class Engine(Protocol):
    """An engine somewhere else, as far as it is told of."""

    @property
    def report(self) -> EngineReport | None:
        """What runs; None if it does not say."""


class Crew(Protocol):
    """Workers with an engine each."""

    @property
    def size(self) -> int:
        """How many there are."""

    def open(self, plan: Plan, options: EngineOptions) -> Engine:
        """Return the engine that a worker found for a film; EngineError, ModelError."""

    def hand(
        self, plan: Plan, options: EngineOptions, engine: Engine, folder: Path, halt: Halt
    ) -> Hand:
        """Return what draws stretches of a film into `folder`, on whichever worker is free; a
        worker whose engine is not like `engine` is refused.
        """
