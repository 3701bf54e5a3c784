"""Generators by name; importing this package imports no torch."""

from __future__ import annotations

#: Architecture in a weights file's header -> function that builds the generator from it.
GENERATORS: dict[str, str] = {
    "student": "livecartoon.models.load:load_student",
}
