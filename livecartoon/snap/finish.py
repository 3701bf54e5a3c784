"""The pixel-art finish of one stream: grid and palette once, then cell after cell by vote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livecartoon.config import SnapOptions, SnapPlan
from livecartoon.snap.cells import Cells
from livecartoon.snap.grid import Grid, GridSearch, Pixels, default_grid
from livecartoon.snap.lab import rgb_to_lab
from livecartoon.snap.orphans import adopt_orphans
from livecartoon.snap.palette import Colours, bin_of, find_palette, lookup_table, read_palette
from livecartoon.snap.vote import Vote

LEARNT_FROM = 15
"""Frames of a stream without `learn`, after which grid and palette are found again, for good."""
LOOKED_AT_EVERY = 3
BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])


class Snap:
    """Turns uint8 RGB frames (H, W, 3) of one stream into pixel art of the same size.

    `learn` sees frames of the whole file beforehand; without it the first frame decides, and the
    first fifteen once more, as a camera needs some to settle.
    """

    def __init__(self, options: SnapOptions) -> None:
        self.options = options
        self._given = None
        if options.palette not in ("auto", "per-scene"):
            self._given = read_palette(Path(options.palette))
        self._vote = Vote(options.vote_memory, options.vote_margin)
        self.reset()

    def reset(self) -> None:
        """Forget the stream, and its grid and palette unless they were given as a plan."""
        self._vote.reset()
        self._early: list[Pixels] = []
        self._search = GridSearch()
        self._seen = 0
        self._cells: Cells | None = None
        self.grid: Grid | None = None
        """Of the stream, once known."""
        self.palette: Colours = np.zeros((0, 3), np.uint8)
        plan = self.options.plan
        self._is_settled = plan is not None
        if plan is not None:
            self.grid = Grid(plan.cell, plan.x, plan.y)
            self._set_palette(np.array(plan.colors, np.uint8))

    def learn(self, pictures: Iterable[Pixels]) -> SnapPlan:
        """Find grid and palette in frames (one at least, all of one size) of the stream."""
        self.reset()
        for picture in pictures:
            self._look_at(picture)
        self._decide()
        self._early = []
        self._is_settled = True
        assert self.grid is not None
        colours = tuple((int(r), int(g), int(b)) for r, g, b in self.palette)
        return SnapPlan(self.grid.period, self.grid.x, self.grid.y, colours)

    def __call__(self, picture: Pixels) -> Pixels:
        """Return the frame as pixel art; the input is not changed."""
        if not self._is_settled:
            self._watch(picture)
        cells = self._on_lattice(picture)
        shares = self._shares(cells, picture)
        if self._vote.is_cut(shares):
            self._vote.reset()
            if self.options.palette == "per-scene":
                self._set_palette(find_palette(cells.means(picture), self.options.colors))
                shares = self._shares(cells, picture)
        shown = self._vote(shares)
        if self.options.orphans and not self.options.dither:  # a pattern is made of single cells
            lattice = shown.reshape(cells.rows, cells.columns)
            shown = adopt_orphans(lattice, self._differences).ravel()
        return cells.paint(self.palette[shown])

    def _watch(self, picture: Pixels) -> None:
        """Learn from the first frame at once, and from the first fifteen when they are there."""
        self._seen += 1
        if self._early and picture.shape != self._early[0].shape:
            self.reset()
            self._seen = 1
        if self._seen % LOOKED_AT_EVERY == 1:
            self._look_at(picture)
        if self._seen in (1, LEARNT_FROM):
            self._decide()
        if self._seen == LEARNT_FROM:
            self._is_settled = True
            self._early = []

    def _look_at(self, picture: Pixels) -> None:
        self._early.append(picture.copy())
        if self.options.cell is None:
            self._search.add(picture)

    def _decide(self) -> None:
        """Find grid and palette in the frames looked at."""
        height, width, _ = self._early[0].shape
        found = self._search.best() if self.options.cell is None else None
        self.grid = found or default_grid(height, width, self.options.cell)
        self._cells = Cells(self.grid, height, width)
        if self._given is not None:
            self._set_palette(self._given)
        else:
            samples = np.concatenate([self._cells.means(picture) for picture in self._early])
            self._set_palette(find_palette(samples, self.options.colors))
        self._vote.reset()

    def _set_palette(self, palette: Colours) -> None:
        self.palette = palette
        self._table = lookup_table(palette)
        lab = rgb_to_lab(palette)
        self._differences = np.linalg.norm(lab[:, None] - lab[None], axis=-1).astype(np.float32)
        self._offsets: NDArray[np.int16] | None = None

    def _on_lattice(self, picture: Pixels) -> Cells:
        """The cells of this frame's size; a stream that changes size keeps its grid."""
        height, width, _ = picture.shape
        assert self.grid is not None
        if self._cells is None or (self._cells.height, self._cells.width) != (height, width):
            self._cells = Cells(self.grid, height, width)
            self._offsets = None
            self._vote.reset()
        return self._cells

    def _shares(self, cells: Cells, picture: Pixels) -> NDArray[np.float32]:
        if self.options.dither:
            if self._offsets is None:
                self._offsets = self._bayer(cells)
            colours = (
                picture.reshape(-1, 3)[cells.voters] + self._offsets[cells.cell_of_voter, None]
            )
            bins = bin_of(np.clip(colours, 0, 255).astype(np.uint8))
        else:  # gathering bins is four times as fast as gathering colours
            bins = bin_of(picture).ravel().take(cells.voters)
        return cells.shares(self._table.take(bins), len(self.palette))

    def _bayer(self, cells: Cells) -> NDArray[np.int16]:
        """Level offset per cell, up to half the mean palette spacing; it stays with the grid."""
        away = np.linalg.norm(
            self.palette[:, None] - self.palette[None].astype(np.float32), axis=-1
        )
        np.fill_diagonal(away, np.inf)
        spacing = float(away.min(1).mean()) / np.sqrt(3) if len(away) > 1 else 0.0
        row, column = np.divmod(np.arange(cells.count), cells.columns)
        ranks = (BAYER[row % 4, column % 4] + 0.5) / 16 - 0.5
        return np.asarray(np.rint(ranks * spacing), dtype=np.int16)
