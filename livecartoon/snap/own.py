"""The pixel-art finish that a style brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from livecartoon.config import EngineOptions, SnapOptions


def with_own_finish(options: EngineOptions, own: Sequence[tuple[str, int]] | None) -> EngineOptions:
    """`options` with the finish of the style itself, where none was asked for or refused."""
    if own is None or options.snap is not None or not options.own_snap:
        return options
    said = dict(own)
    finish = SnapOptions(cell=said.get("cell"), colors=said.get("colors", SnapOptions().colors))
    return replace(options, snap=finish)
