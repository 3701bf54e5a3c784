"""Keyword arguments of the public functions, sorted into the settings that they are fields of."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from livecartoon.config import EngineOptions, Look
from livecartoon.size import parse_size
from livecartoon.styles import find_style

Size = str | tuple[int, int]
"""(width, height), or as typed: "1280x720", "720p"."""
WIDE = (16, 9)


def engine_options(style: str, options: dict[str, Any]) -> EngineOptions:
    """Return the settings of an engine; `options` are fields of EngineOptions and of Look.

    What is not given is the style's own. An unknown one raises TypeError, a value out of its
    range or an unknown style UsageError.
    """
    chosen = find_style(style)
    for name in ("strength", "keep_color", "temporal_strength"):
        options.setdefault(name, getattr(chosen, name))
    look = take(Look, options)
    return EngineOptions(style=style, look=Look(**look), **options)


def take(settings: type, options: dict[str, Any]) -> dict[str, Any]:
    """Take what are fields of the dataclass `settings` out of `options`."""
    names = {field.name for field in fields(settings)}
    return {name: options.pop(name) for name in names & options.keys()}


def pixels_of(size: Size) -> tuple[int, int]:
    """Return (width, height); a short name is that of a wide picture. Raises UsageError."""
    return parse_size(size).resolve(*WIDE) if isinstance(size, str) else size
