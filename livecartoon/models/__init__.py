"""Generators by name; importing this package imports no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from livecartoon.errors import ModelError

if TYPE_CHECKING:
    from livecartoon.models.checkpoint import Checkpoint

_PAPER = "livecartoon.models.papers:load_paper"

#: Architecture in a weights file's header -> function that builds the generator from it.
GENERATORS: dict[str, str] = {
    "animegan1": _PAPER,
    "animegan2": _PAPER,
    "animegan2-lite": _PAPER,
    "animegan2-lite-2020": _PAPER,
    "animegan3": _PAPER,
    "cartoongan": _PAPER,
    "cartoongan-light": _PAPER,
    "cartoonloss": _PAPER,
    "cyclegan": _PAPER,
    "demal": _PAPER,
    "pixelcyclegan": _PAPER,
    "salcbam": _PAPER,
    "student": "livecartoon.models.load:load_student",
    "whitebox": _PAPER,
}


def load_generator(checkpoint: Checkpoint) -> Any:  # noqa: ANN401  a Student or a Generator
    """The network of a weights file, for inference; E604 if it is none of ours."""
    place = GENERATORS.get(checkpoint.architecture)
    if place is None:
        known = ", ".join(GENERATORS)
        raise ModelError(
            "E604", f"unknown architecture {checkpoint.architecture!r}; known: {known}", "update"
        )
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)(checkpoint)
