"""Single stray cells: removed where they are noise, kept where they are eyes and glints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.int64]
TELLING = 25.0
"""Colour difference from which a single cell is meant."""


def adopt_orphans(shown: Map, differences: NDArray[np.float32]) -> Map:
    """Give a cell of (rows, columns) without an equal 4-neighbour its neighbours' majority.

    `differences` (k, k) are the colour differences of the palette; a cell that differs from the
    majority of its eight neighbours by 25 or more stays.
    """
    rows, columns = shown.shape
    padded = np.pad(shown, 1, constant_values=-1)
    around = np.stack(
        [
            padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
            for down, right in (
                (-1, 0),
                (1, 0),
                (0, -1),
                (0, 1),
                (-1, -1),
                (-1, 1),
                (1, -1),
                (1, 1),
            )
        ]
    )
    is_orphan = (around[:4] != shown).all(0)
    where = np.flatnonzero(is_orphan)
    if not where.size:
        return shown
    neighbours = around.reshape(8, -1)[:, where]
    colours = len(differences)
    keys = np.arange(where.size) * (colours + 1) + neighbours + 1
    counts = np.bincount(keys.ravel(), minlength=where.size * (colours + 1))
    majority = counts.reshape(where.size, colours + 1)[:, 1:].argmax(1)
    own = shown.ravel()[where]
    has_neighbours = (neighbours >= 0).any(0)
    is_noise = has_neighbours & (differences[own, majority] < TELLING)
    adopted = shown.copy().ravel()
    adopted[where[is_noise]] = majority[is_noise]
    return adopted.reshape(rows, columns)
