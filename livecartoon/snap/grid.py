"""The grid a picture was drawn on: how large its cells are and where they begin."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livecartoon.snap.lab import Floats, lightness

Pixels = NDArray[np.uint8]
PERIODS = range(3, 33)
CELLS_ALONG = 160
LEAST_STEP, LARGEST_STEP = 4.0, 25.0
"""Lightness steps: weaker ones are noise, stronger ones count no more."""
STRONG_SHARE = 0.8
"""Quantile of its row that a step must exceed."""
TREND = 31
"""Taps of the running mean that is subtracted by half: outlines are not evenly spread."""
LEAST_SCORE = 2.0
"""Right grids scored 2.16 to 8.86, wrong ones up to 1.87, photos up to 0.30."""
TYPICAL_LINE = 0.2
"""Median of a comb's lines as a share of their mean: 0.4 to 1 in damaged pixel art, 0 for
a few edges."""
AS_GOOD = 0.6
"""Of the best score: multiples of the true period are as good, the smallest is meant."""
ROWS_APART = 3
"""Every third row is looked at, after a box over three: neighbours tell the same."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of `period` pixels; one begins at column `x` and one at row `y`, both below it."""

    period: int
    x: int = 0
    y: int = 0

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of cells that cover a picture, partial ones at the rim included."""
        return self.index(height, self.y, -1) + 1, self.index(width, self.x, -1) + 1

    def index(self, length: int, start: int, place: int) -> int:
        """Cell of pixel `place` (-1 = the last) along a side."""
        return (place % length + (-start) % self.period) // self.period


class GridSearch:
    """Adds up what each frame shows of its lattice, then names the grid."""

    def __init__(self) -> None:
        self._profiles: list[Floats] | None = None

    def add(self, picture: Pixels) -> None:
        """Look at one RGB frame (H, W, 3); all of one size."""
        light = lightness(picture)
        found = [line_profile(light), line_profile(light.T)]
        if self._profiles is None:
            self._profiles = found
        else:
            self._profiles = [a + b for a, b in zip(self._profiles, found, strict=True)]

    def best(self) -> Grid | None:
        """Return the grid, or None where the frames have none."""
        if self._profiles is None:
            return None
        columns, rows = (_flatten(profile) for profile in self._profiles)
        combs = {p: (comb(columns, p), comb(rows, p)) for p in PERIODS}
        scores = {p: (across[0] + down[0]) / 2 for p, (across, down) in combs.items()}
        highest = max(scores.values())
        if highest < LEAST_SCORE:
            return None
        period = min(p for p, score in scores.items() if score >= AS_GOOD * highest)
        return Grid(period, combs[period][0][1], combs[period][1][1])


def find_grid(pictures: Iterable[Pixels]) -> Grid | None:
    """Return the grid common to RGB pictures (H, W, 3) of one size, None where there is none."""
    search = GridSearch()
    for picture in pictures:
        search.add(picture)
    return search.best()


def default_grid(height: int, width: int, cell: int | None = None) -> Grid:
    """A grid for pictures that have none: `cell`, else about 160 cells along the longer side."""
    return Grid(cell or max(3, round(max(height, width) / CELLS_ALONG)))


def line_profile(light: Floats) -> Floats:
    """Mean strength of vertical edges at each column 0..W-1 of lightness (H, W).

    Entry x tells of the step from column x - 1 to x. Only local maxima of a row count: a codec's
    8-pixel blocks show in plain gradients, not in those.
    """
    height, width = light.shape
    if width < 3 or height < 1:
        return np.zeros(width, np.float32)
    count = max(1, height // ROWS_APART)
    thick = min(ROWS_APART, height)
    rows = light[: count * thick].reshape(count, thick, width).mean(1)
    steps = np.pad(np.abs(np.diff(rows, axis=1)), ((0, 0), (1, 1)))
    here, before, after = steps[:, 1:-1], steps[:, :-2], steps[:, 2:]
    strong = np.partition(here, int(STRONG_SHARE * (here.shape[1] - 1)), axis=1)
    least = np.maximum(LEAST_STEP, strong[:, int(STRONG_SHARE * (here.shape[1] - 1))])
    is_peak = (here >= before) & (here > after) & (here > least[:, None])
    profile = np.zeros(width, np.float32)
    profile[1:] = np.where(is_peak, np.minimum(here, LARGEST_STEP), 0).mean(0)
    return profile


def comb(profile: Floats, period: int) -> tuple[float, int]:
    """How far the lines of the best phase stand out, beyond chance, and that phase."""
    count = len(profile)
    mean = float(profile.mean()) if count else 0.0
    if mean <= 0 or count < 2 * period:
        return 0.0, 0
    padded = np.full(-(-count // period) * period, np.nan, np.float32)
    padded[:count] = profile
    lines = np.nanmean(padded.reshape(-1, period), axis=0)
    phase = int(lines.argmax())
    # A handful of strong edges fits some comb by chance: most of its lines must show.
    typical = float(np.nanmedian(padded.reshape(-1, period)[:, phase]))
    if typical < TYPICAL_LINE * float(lines[phase]):
        return 0.0, phase
    contrast = (float(lines[phase]) - mean) / mean
    chance = float(profile.std()) / mean * math.sqrt(2 * math.log(period) * period / count)
    return contrast - chance, phase


def _flatten(profile: Floats) -> Floats:
    """Subtract half the running mean; not below 0."""
    taps = min(TREND, len(profile) // 2 * 2 - 1)
    if taps < 3:
        return profile
    padded = np.pad(profile, taps // 2, mode="reflect")
    trend = np.convolve(padded, np.full(taps, 1 / taps, np.float32), mode="valid")
    return np.asarray(np.maximum(profile - trend / 2, 0), dtype=np.float32)
