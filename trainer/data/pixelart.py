"""Pixel art at one cell size: brought back to its own grid, then enlarged by whole numbers."""

from __future__ import annotations

import numpy as np

from livecartoon.snap.cells import Cells
from livecartoon.snap.grid import Grid, find_grid
from trainer.data.sift import Bytes


def to_native(picture: Bytes) -> Bytes | None:
    """One pixel per cell of RGB pixel art (H, W, 3), whole cells only; None where no grid shows.

    Never resampled: each cell becomes the most frequent colour of its inner pixels.
    """
    grid = find_grid([picture])
    if grid is None:
        return None
    whole = _whole_cells(picture, grid)
    if min(whole.shape[:2]) < grid.period:
        return None
    cells = Cells(Grid(grid.period), *whole.shape[:2])
    voters = whole.reshape(-1, 3)[cells.voters].astype(np.int64)
    colours, index = np.unique(voters @ np.array([1 << 16, 1 << 8, 1]), return_inverse=True)
    pairs, counts = np.unique(
        cells.cell_of_voter * len(colours) + index.reshape(-1), return_counts=True
    )
    cell, colour = np.divmod(pairs, len(colours))
    order = np.lexsort((colour, -counts, cell))
    _, first = np.unique(cell[order], return_index=True)
    winner = colours[colour[order][first]]
    rgb = np.stack([winner >> 16, winner >> 8 & 255, winner & 255], -1)
    return np.ascontiguousarray(rgb.reshape(cells.rows, cells.columns, 3).astype(np.uint8))


def enlarge(native: Bytes, cell: int) -> Bytes:
    """Every pixel of (h, w, 3) as a square of `cell`."""
    return np.ascontiguousarray(native.repeat(cell, 0).repeat(cell, 1))


def _whole_cells(picture: Bytes, grid: Grid) -> Bytes:
    height, width, _ = picture.shape
    rows, columns = (height - grid.y) // grid.period, (width - grid.x) // grid.period
    return picture[grid.y : grid.y + rows * grid.period, grid.x : grid.x + columns * grid.period]
