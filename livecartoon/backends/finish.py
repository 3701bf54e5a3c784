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
    REACH,
    Decided,
    Lines,
    Rows,
    draw,
    fills_of,
    lines_of,
    luminance,
    weigh,
)
from livecartoon.backends.fullsize import ink as draw_ink
from livecartoon.frame import Pixels
from livecartoon.models.cube import Lattice
from livecartoon.models.inkstyle import WIDER, InkStyle, fine_radius, line_scale

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
        self._cell = BLOCK if reduction == 1 else reduction
        step = 2 if reduction == 1 else reduction
        rows, columns = (side * reduction for side in small)
        self._size, self._low = (rows, columns), (rows // step, columns // step)
        self._fine = _Darkness(
            ink.sigma * line_scale(reduction),
            self._size,
            self._cell,
            fine_radius(self._cell),
            (ink.threshold, ink.ramp),
        )
        self._coarse = _Darkness(
            ink.sigma, self._low, 2, REACH, (1.5 * ink.threshold, 1.2 * ink.ramp)
        )
        self._coarse_lines = np.empty(self._low, np.float32)
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
        rows, columns = self._size
        cells = rows // self._cell, columns // self._cell
        sizes = self._size, cells, self._low
        fine, of_fine, of_coarse = (np.empty(size, np.float32) for size in sizes)
        return Lines(fine, of_fine, of_coarse, 1 - float(self._ink.tint), self._tone)

    def find_lines(self, decided: Decided, weight: Plane, amount: float, lines: Lines) -> None:
        """Find the lines of both scales, and how much of each counts, as `Ink.lines` does.

        `weight` (h, w, 1) is the network's, `amount` the slider.
        """
        ink, cells = self._ink, lines.of_fine.shape
        bright, low = self._fine.inside, self._low[::-1]
        luminance(decided, self._finding, bright)
        cv2.resize(bright, low, dst=self._coarse.inside, interpolation=cv2.INTER_AREA)
        self._coarse(self._finding, self._coarse_lines)
        self._fine(self._finding, lines.fine)
        density = cv2.resize(lines.fine, cells[::-1], interpolation=cv2.INTER_AREA)
        blurred = cv2.blur(density, (5, 5), borderType=cv2.BORDER_CONSTANT)
        weight, crowd = np.ascontiguousarray(weight[..., 0]), np.asarray(blurred, np.float32)
        amount *= ink.strength
        weigh(crowd, weight, self._coarse_lines, amount, float(ink.coarse), lines)

    def draw(
        self, decided: Decided, lines: Lines, look: NDArray[np.float32], drawn: Pixels
    ) -> Pixels:
        """Draw a photo with its lines into `drawn` (H, W, 3), and return that.

        `look` are the sliders ink, strength, keep_color and vivid.
        """
        photo = decided.photo.reshape(drawn.shape)
        if not self._needs_fills:
            draw(decided, lines, self._drawing, drawn.reshape(len(photo), -1))
            if self._layers:  # strength alone may mix whole levels: twice rounded is within one
                strength = float(look[1])
                cv2.addWeighted(drawn, strength, photo, 1 - strength, 0, dst=drawn)
            return drawn
        fills = self._fills.reshape(len(photo), -1)
        fills_of(decided, self._drawing, fills)
        if self._table is not None:
            for top in range(0, len(photo), STRIP_ROWS):
                self._table(self._fills[top : top + STRIP_ROWS])
        draw_ink(fills, lines, self._drawing)
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


class _Darkness:
    """(G_wide - G_narrow) / (G_wide + 0.12), ramped to 0..1, as `Ink` finds it.

    Write the luminance in levels, plus `DARK`, to `inside`, then call: with N and W the blurs of
    that, the darkness is 1 - N / W.
    """

    def __init__(
        self,
        sigma: float,
        size: tuple[int, int],
        block: int,
        radius: int,
        line: tuple[float, float],
    ) -> None:
        threshold, ramp = line
        self._block = block
        self._ramp = 1 / (ramp * threshold), (1 - threshold) / (ramp * threshold)
        self._kernels = np.stack([_gaussian(s, radius) for s in (sigma, sigma * WIDER)])
        self.inside: Plane = np.empty(size, np.float32)

    def __call__(self, rows: Rows, lines: Plane) -> None:
        """Write the lines."""
        lines_of(self.inside, self._kernels, self._block, self._ramp, rows, lines)


def _gaussian(sigma: float, radius: int) -> Plane:
    """A kernel (9,) of which only `radius` to each side are not 0."""
    offset = np.arange(-REACH, REACH + 1, dtype=np.float32)
    kernel = np.exp(-(offset**2) / (2 * sigma**2)) * (np.abs(offset) <= radius)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _grey(picture: Plane) -> Plane:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))


def _mixed(one: Plane, share: float, other: Plane) -> Plane:
    return np.asarray(cv2.addWeighted(one, share, other, 1 - share, 0), np.float32)
