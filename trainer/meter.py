"""What a journal's line says: means since the line before."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

from livecartoon.errors import ModelError
from trainer.recipes.base import Move


class Meter:
    """Adds losses up on their device; only a journal's line waits for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._begun = time.perf_counter()
        self._waited_s = 0.0
        self._images = 0

    def add(self, move: Move) -> None:
        """Count one move's raw losses and its notes."""
        values = {name: term.value for name, term in move.terms.items()} | dict(move.notes)
        for name, value in values.items():
            key = f"{move.player}/{name}"
            so_far = self._sums.get(key)
            detached = value.detach().float()
            self._sums[key] = detached if so_far is None else so_far + detached
            self._counts[key] = self._counts.get(key, 0) + 1

    def add_batch(self, images: int, waited_s: float) -> None:
        """Count one step's pictures and how long it waited for them."""
        self._images += images
        self._waited_s += waited_s

    def take(self) -> dict[str, float]:
        """Means, images per second and the share of time spent waiting; starts anew."""
        figures = {
            key: float(f"{float(total) / self._counts[key]:.5g}")
            for key, total in self._sums.items()
        }
        elapsed = max(time.perf_counter() - self._begun, 1e-9)
        figures["images_per_s"] = round(self._images / elapsed, 3)
        figures["waiting"] = round(self._waited_s / elapsed, 4)
        self.__init__()  # type: ignore[misc]  # from scratch
        return figures


def check_finite(move: Move, step: int) -> Tensor:
    """A move's total; ModelError E606 naming the first loss that is not finite."""
    total = move.total()
    if bool(torch.isfinite(total)):
        return total
    weighted = {name: float((t.weight * t.value).detach()) for name, t in move.terms.items()}
    bad = [name for name, value in weighted.items() if not math.isfinite(value)]
    name = bad[0] if bad else max(weighted, key=lambda each: abs(weighted[each]))
    value = weighted[name]
    raise ModelError(
        "E606",
        f"loss {name!r} of the {move.player} is {value} at step {step}",
        "a lower learning rate; the last checkpoint is kept",
    )
