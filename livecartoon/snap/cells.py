"""Cells of a picture: which pixels vote for which, and painting them in one colour each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecartoon.snap.grid import Grid, Pixels

Indices = NDArray[np.int64]
INNER_FROM = 4
"""Cells of so many pixels ignore their rim, where a generator blends neighbours."""


class Cells:
    """The lattice of one grid on frames of one size."""

    def __init__(self, grid: Grid, height: int, width: int) -> None:
        self.grid = grid
        self.height, self.width = height, width
        self.rows, self.columns = grid.shape(height, width)
        row, is_inner_row = _lattice(grid, height, grid.y)
        column, is_inner_column = _lattice(grid, width, grid.x)
        self._row, self._column = row, column
        votes = is_inner_row[:, None] & is_inner_column[None, :]
        self.voters: Indices = np.flatnonzero(votes)
        """Flat pixel indices of those that vote, every cell has one."""
        cell = row[:, None] * self.columns + column[None, :]
        self.cell_of_voter: Indices = cell.ravel()[self.voters]
        self._sizes = np.bincount(self.cell_of_voter, minlength=self.count)

    @property
    def count(self) -> int:
        """Of all cells."""
        return self.rows * self.columns

    def means(self, picture: Pixels) -> NDArray[np.uint8]:
        """Mean RGB (cells, 3) of each cell's voters."""
        flat = picture.reshape(-1, 3)[self.voters]
        sums = [
            np.bincount(self.cell_of_voter, flat[:, channel], minlength=self.count)
            for channel in range(3)
        ]
        return np.asarray(np.rint(np.stack(sums, -1) / self._sizes[:, None]), dtype=np.uint8)

    def shares(self, indices: NDArray[np.integer], colours: int) -> NDArray[np.float32]:
        """(cells, colours): share of each cell's voters with each palette index."""
        votes = np.bincount(
            self.cell_of_voter * colours + indices, minlength=self.count * colours
        ).reshape(self.count, colours)
        return np.asarray(votes / self._sizes[:, None], dtype=np.float32)

    def paint(self, colours: NDArray[np.uint8]) -> Pixels:
        """A whole picture (H, W, 3) of one RGB per cell (cells, 3)."""
        small = colours.reshape(self.rows, self.columns, 3)
        return small.take(self._column, axis=1).take(self._row, axis=0)


def _lattice(grid: Grid, length: int, start: int) -> tuple[Indices, NDArray[np.bool_]]:
    """Cell of each pixel along one side, and whether the pixel votes."""
    places = np.arange(length) + (-start) % grid.period
    cell, inside = np.divmod(places, grid.period)
    if grid.period < INNER_FROM:
        return cell, np.ones(length, bool)
    is_inner = (inside > 0) & (inside < grid.period - 1)
    # A partial cell at the rim may have no inner pixel: then all of it votes.
    has_inner = np.bincount(cell, is_inner, minlength=int(cell[-1]) + 1) > 0
    return cell, is_inner | ~has_inner[cell]
