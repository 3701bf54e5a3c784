"""Which colour a cell shows: the majority of its pixels, changed only for good reasons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float32]
Shown = NDArray[np.int64]
OTHER_SCENE = 0.5
"""Mean share of votes that moved to another colour, above which the past is forgotten."""


class Vote:
    """Remembers the votes of one stream.

    V = (1 - memory) * shares + memory * V, and a cell changes only if the winner in V leads the
    colour shown by `margin`.
    """

    def __init__(self, memory: float, margin: float) -> None:
        self._memory, self._margin = np.float32(memory), np.float32(margin)
        self._votes: Shares | None = None
        self._shown: Shown | None = None

    def is_cut(self, shares: Shares) -> bool:
        """Whether these shares (cells, colours) are of another scene than the last ones."""
        if self._votes is None or self._votes.shape != shares.shape:
            return self._votes is not None
        return float(np.abs(shares - self._votes).sum(1).mean()) / 2 > OTHER_SCENE

    def __call__(self, shares: Shares) -> Shown:
        """Return the palette index (cells,) to show; of equal shares the lowest index wins."""
        if self._votes is None or self._shown is None:
            self._votes, self._shown = shares, shares.argmax(1)
            return self._shown
        self._votes = shares + self._memory * (self._votes - shares)
        winner = self._votes.argmax(1)
        cells = np.arange(len(winner))
        lead = self._votes[cells, winner] - self._votes[cells, self._shown]
        self._shown = np.where(lead >= self._margin, winner, self._shown)
        return self._shown

    def reset(self) -> None:
        """Forget the past: the next frame is shown as it is."""
        self._votes = self._shown = None
