"""Generators by name; importing this package imports no torch."""

from __future__ import annotations

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
