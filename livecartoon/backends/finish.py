"""The full-size end of a student's picture on a CPU: gate, ink and live layers.

The same arithmetic as `models.picture` and `models.ink`, which stay the reference. A compiler
for networks runs them as convolutions of few channels over full-size pictures; loops that cross
the picture three times in all (`fullsize`) take a fraction of that time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.blocks import BLOCK, Plane
from livecartoon.backends.colours import ColourTable
from livecartoon.backends.fullsize import (
    Decided,
    Lines,
    Rows,
    fill,
    fills_of,
    ink_fills,
    ink_levels,
)
from livecartoon.backends.lineloops import ALONG, REACH, lines_of
from livecartoon.frame import Pixels
from livecartoon.models.cube import Lattice
from livecartoon.models.inkstyle import WIDER, InkStyle, line_scale

STRIP_ROWS = 48
"""Graded at a time: three float colours of them stay in a core's own cache."""


class Finish:
    """Draws the frames of one size from what the network decided about them.

    In two halves, for two threads: `find_lines`, then `draw`. Each half alone is for one thread at
    a time.
    """

    def __init__(
        self,
        ink: InkStyle,
        small: tuple[int, int],
        reduction: int,
        layers: tuple[str, ...],
        lattice: Lattice | None = None,
    ) -> None:
        """`small` is the (height, width) at which the network runs, `reduction` times smaller
        than the frames; `layers` as in `EngineSpec`, `lattice` the fills' colour table.
        """
        self._ink, self._layers, self._times = ink, layers, reduction
        rows, columns = (side * reduction for side in small)
        self._size, self._cells = (rows, columns), small
        self._darkness = Darkness(ink, self._size, reduction)
        self._finding, self._drawing = Rows.of(columns, reduction), Rows.of(columns, reduction)
        self._tone = np.array(ink.tone, np.float32) * np.float32(255)
        self._table = None if lattice is None else ColourTable(lattice, STRIP_ROWS, columns)
        self._needs_fills = lattice is not None or bool({"vivid", "keep_color"} & set(layers))
        self._fills = np.empty((rows, columns, 3) if self._needs_fills else (0, 0, 3), np.float32)

    def decided(self, photo: Pixels, gate: Plane, colour: Plane) -> Decided:
        """Put together a photo (H, W, 3) and the maps of `MapsInBlocks` without the first axis."""
        return Decided(photo.reshape(len(photo), -1), gate, colour, self._times)

    def new_lines(self) -> Lines:
        """Room for the lines of one frame."""
        found, weight = (np.empty(size, np.float32) for size in (self._size, self._cells))
        return Lines(found, weight, 1 - float(self._ink.tint), self._tone)

    def find_lines(
        self, decided: Decided, weight: Plane, amount: float, lines: Lines, drawn: Pixels
    ) -> None:
        """Find the lines, and how much each counts, as `Ink` does; lay the fills in `drawn`.

        `weight` (h, w, 1) is the network's, `amount` the slider.
        """
        fill(decided, self._finding, self._darkness.inside, drawn.reshape(len(drawn), -1))
        self._darkness(lines.found)
        scaled = weight[..., 0] * np.float32(amount * self._ink.strength)
        cv2.resize(scaled, self._cells[::-1], dst=lines.weight, interpolation=cv2.INTER_LINEAR)

    def draw(
        self, decided: Decided, lines: Lines, look: NDArray[np.float32], drawn: Pixels
    ) -> Pixels:
        """Draw a photo's lines on the fills that `find_lines` laid in `drawn`; return that.

        `look` are the sliders ink, strength, keep_color and vivid.
        """
        photo = decided.photo.reshape(drawn.shape)
        if not self._needs_fills:
            ink_levels(drawn.reshape(len(photo), -1), lines, self._drawing)
            if self._layers:  # strength alone may mix whole levels: thrice rounded is within one
                strength = float(look[1])
                cv2.addWeighted(drawn, strength, photo, 1 - strength, 0, dst=drawn)
            return drawn
        fills = self._fills.reshape(len(photo), -1)
        fills_of(decided, self._drawing, fills)
        if self._table is not None:
            for top in range(0, len(photo), STRIP_ROWS):
                self._table(self._fills[top : top + STRIP_ROWS])
        ink_fills(fills, lines, self._drawing)
        cv2.convertScaleAbs(self._layered(photo, look), dst=drawn)
        return drawn

    def _layered(self, photo: Pixels, look: NDArray[np.float32]) -> Plane:
        """The drawn fills with the layers of `StudentPicture.forward` behind them."""
        _, strength, keep_colour, vivid = (float(value) for value in look)
        drawn: Plane = self._fills
        if not self._layers:
            return drawn
        if "vivid" in self._layers:
            drawn = _mixed(drawn, vivid, _grey(drawn))
        source = photo.astype(np.float32)
        if "keep_color" in self._layers:
            grey, source_grey = _grey(drawn), _grey(source)
            shift = float(source_grey.mean() - grey.mean())
            drawn = _mixed(grey + shift + (source - source_grey), keep_colour, drawn)
        if "strength" in self._layers:
            drawn = _mixed(drawn, strength, source)
        return np.clip(drawn, 0, 255, out=drawn)


class Darkness:
    """How dark a pixel is beside its surroundings, along a line, ramped to 0..1, as `Ink` does.

    Write the luminance in levels, plus `DARK`, to `inside`, then call.
    """

    def __init__(self, ink: InkStyle, size: tuple[int, int], reduction: int) -> None:
        """Of pictures of that (height, width), `reduction` times those of the network."""
        self._block = BLOCK if reduction == 1 else reduction
        step = ink.ramp * ink.threshold
        self._ramp = 1 / step, (1 - ink.threshold) / step
        sigma = ink.sigma * line_scale(reduction)
        self._kernels = np.stack([_gaussian(s) for s in (sigma, sigma * WIDER)])
        rows, columns = size
        self.inside: Plane = np.empty(size, np.float32)
        self._dark = np.empty((rows + 2 * ALONG, columns + 2 * ALONG), np.float32)
        self._blurred = np.empty((4, columns + 2 * REACH), np.float32)

    def __call__(self, lines: Plane) -> None:
        """Write the lines."""
        room = self._dark, self._blurred
        lines_of(self.inside, self._kernels, self._block, self._ramp, *room, lines)


def _gaussian(sigma: float) -> Plane:
    offset = np.arange(-REACH, REACH + 1, dtype=np.float32)
    kernel = np.exp(-(offset**2) / (2 * sigma**2))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _grey(picture: Plane) -> Plane:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))


def _mixed(one: Plane, share: float, other: Plane) -> Plane:
    return np.asarray(cv2.addWeighted(one, share, other, 1 - share, 0), np.float32)
