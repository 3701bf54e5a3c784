"""A frame drawn in overlapping tiles: slower, in a fraction of the memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from livecartoon.backends.base import Backend, EngineSpec, Fetch, at_once
from livecartoon.backends.running import RunningEngine
from livecartoon.config import Look
from livecartoon.frame import Pixels

OVERLAP = 32
"""Pixels of the network that two neighbours see both: at a seam both see nearly the same."""
GRID = 8
"""Tiles begin at multiples of so many pixels of the network, as its blocks do."""


class TiledEngine:
    """Draws a frame tile by tile with an engine of the tile's size; the grid never moves.

    For styles that look at their surroundings only: no statistics of the whole frame, no memory.
    """

    def __init__(self, engine: RunningEngine, spec: EngineSpec, tiles: int) -> None:
        """`engine` is one for `tile_spec(spec, tiles)`; it is closed with this one."""
        tile = tile_spec(spec, tiles)
        self._inner = engine
        self._rows = cuts(spec.height, tile.height, tiles, GRID * spec.reduction)
        self._columns = cuts(spec.width, tile.width, tiles, GRID * spec.reduction)
        self._tile = tile.height, tile.width
        self._drawn = np.empty((spec.height, spec.width, 3), np.uint8)

    @property
    def backend(self) -> Backend:
        """What draws a tile."""
        return self._inner.backend

    @property
    def given_up(self) -> str | None:
        """Why an engine was replaced while running."""
        return self._inner.given_up

    @property
    def knows_network(self) -> bool:
        """Whether what is around the network is told apart."""
        return self._inner.knows_network

    @property
    def network_s(self) -> float:
        """Busy seconds of the network."""
        return self._inner.network_s

    def __call__(self, pixels: Pixels) -> Pixels:
        """Draw one frame; the result is overwritten by the next call."""
        height, width = self._tile
        for top, first, last in self._rows:
            for left, begin, end in self._columns:
                tile = pixels[top : top + height, left : left + width]
                drawn = self._inner(np.ascontiguousarray(tile))
                inside = drawn[first - top : last - top, begin - left : end - left]
                self._drawn[first:last, begin:end] = inside
        return self._drawn

    def begin(self, pixels: Pixels) -> Fetch:
        """Draw one frame at once: its tiles share the buffers of one engine."""
        return at_once(self(pixels))

    def set_look(self, look: Look) -> None:
        """Move the sliders."""
        self._inner.set_look(look)

    def reset(self) -> None:
        """Forget earlier frames."""
        self._inner.reset()

    def fork(self) -> bool:
        """There is no memory to start a second one beside."""
        return False

    def ahead(self, pixels: Pixels) -> None:
        """There is no second memory to draw by."""

    def switch(self) -> None:
        """There is no second memory to go on with."""

    def close(self) -> None:
        """Release the engine; twice is harmless."""
        self._inner.close()


def tile_spec(spec: EngineSpec, tiles: int) -> EngineSpec:
    """Return the engine of one of `tiles` x `tiles` tiles of a frame."""
    step = GRID * spec.reduction
    sides = []
    for side in (spec.width, spec.height):
        core = -(-side // (tiles * step)) * step
        sides.append(min(side, core + 2 * OVERLAP * spec.reduction))
    return replace(spec, width=sides[0], height=sides[1])


def cuts(side: int, tile: int, tiles: int, step: int) -> list[tuple[int, int, int]]:
    """Return for each tile along a side: where it begins, and from where to where it counts."""
    core = -(-side // (tiles * step)) * step
    found = []
    for first in range(0, side, core):
        last = min(side, first + core)
        start = min(max(0, first - (tile - core) // 2), side - tile)
        found.append((start, first, last))
    return found
