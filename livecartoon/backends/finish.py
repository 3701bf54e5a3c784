"""The full-size end of a student's picture on a CPU: gate, ink and live layers by OpenCV.

The same arithmetic as `models.picture` and `models.ink`, which stay the reference. A compiler
for networks runs them as convolutions of few channels over full-size pictures; filters that
were written for pictures take a third of that time.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.blocks import BLOCK, Plane, colours_from_blocks, first_from_blocks
from livecartoon.backends.colours import ColourTable
from livecartoon.frame import Pixels
from livecartoon.models.cube import Lattice
from livecartoon.models.inkstyle import WIDER, InkStyle, fine_radius, line_scale

STRIP_ROWS = 48
"""Rows worked on at a time: three float colours of them stay in a core's own cache."""
DARK = 0.12 * 255
"""Keeps relative darkness finite in the dark: added to the luminance once, before it is blurred."""
LEAST_SHARE = 1e-3
"""Of a line's opacity that darkens the fill; below a quarter of a level."""


class Finish:
    """Draws the frames of one size from what the network decided about them."""

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
        self._ink, self._layers = ink, layers
        self._cell = BLOCK if reduction == 1 else reduction
        self._step = 2 if reduction == 1 else reduction
        self._spread = BLOCK * reduction // self._cell
        rows, columns = (side * reduction for side in small)
        self._rows, self._columns = rows, columns
        self._fine = _Darkness(
            ink.sigma * line_scale(reduction),
            (rows, columns),
            self._cell,
            fine_radius(self._cell),
            (ink.threshold, ink.ramp),
        )
        wide = 1.5 * ink.threshold, 1.2 * ink.ramp
        low = rows // self._step, columns // self._step
        self._coarse = _Darkness(ink.sigma, low, 2, 4, wide)
        self._flat = np.empty((rows, columns, 3), np.float32)
        self._drawn = np.empty((rows, columns, 3), np.uint8)
        self._gate = np.empty(small, np.float32)
        self._colour = np.empty((*small, 3), np.float32)
        self._high = np.empty((rows, columns), np.float32)
        self._of_fine = np.empty((rows // self._cell, columns // self._cell), np.float32)
        self._of_coarse = np.empty(low, np.float32)
        self._strip = max(STRIP_ROWS // self._cell, 1) * self._cell
        strip = self._strip, columns
        self._table = None if lattice is None else ColourTable(lattice, *strip)
        self._one, self._other = np.empty((2, *strip), np.float32)
        self._three, self._more, self._tone = np.empty((3, *strip, 3), np.float32)
        self._share = max(1 - ink.tint, LEAST_SHARE)
        self._tone[:] = np.array(ink.tone, np.float32) * np.float32(255 / self._share)

    def __call__(
        self, photo: Pixels, gate: Plane, colour: Plane, line: Plane, look: NDArray[np.float32]
    ) -> Pixels:
        """Draw a photo (H, W, 3); the result is overwritten by the next call.

        `gate`, `colour` and `line` are those of `MapsInBlocks` without the first axis, `look`
        the sliders ink, strength, keep_color and vivid.
        """
        self._apply_gate(photo, gate, colour)
        self._find_lines(line[..., 0], float(look[0]))
        if {"vivid", "keep_color"} & set(self._layers):
            self._draw_layers(photo, look)
            return self._drawn
        self._draw()
        if self._layers:  # strength alone may mix whole levels: twice rounded is within one still
            strength, drawn = float(look[1]), self._drawn
            cv2.addWeighted(drawn, strength, photo, 1 - strength, 0, dst=drawn)
        return self._drawn

    def _strips(self) -> Iterator[slice]:
        for top in range(0, self._rows, self._strip):
            yield slice(top, min(top + self._strip, self._rows))

    def _apply_gate(self, photo: Pixels, gate: Plane, colour: Plane) -> None:
        """Enlarge gate and colour, fill the flat picture and its luminance."""
        first_from_blocks(gate, self._gate)
        colours_from_blocks(colour, self._colour)
        size = self._columns, self._rows
        high = cv2.resize(self._gate, size, dst=self._high)
        cv2.resize(self._colour, size, dst=self._flat)
        for rows in self._strips():
            count, flat = rows.stop - rows.start, self._flat[rows]
            wide, levels = self._three[:count], self._more[:count]
            cv2.cvtColor(high[rows], cv2.COLOR_GRAY2RGB, dst=wide)
            np.copyto(levels, photo[rows])  # OpenCV's mixed product takes longer than both
            cv2.accumulateProduct(levels, wide, flat)
            np.clip(flat, 0, 255, out=flat)
            luminance = self._fine.inside[rows]
            cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY, dst=luminance)
            luminance += DARK
            if self._table is not None:
                self._table(flat)

    def _find_lines(self, weight: Plane, amount: float) -> None:
        """Find the lines of both scales, and how much of each counts, as `Ink.lines` does."""
        ink = self._ink
        low = self._of_coarse.shape[::-1]
        cv2.resize(self._fine.inside, low, dst=self._coarse.inside, interpolation=cv2.INTER_AREA)
        coarse, self._lines = self._coarse(), self._fine()
        cells = self._of_fine.shape[::-1]
        density = cv2.resize(self._lines, cells, interpolation=cv2.INTER_AREA)
        density = cv2.blur(density, (5, 5), borderType=cv2.BORDER_CONSTANT)
        alone = 1 - 0.65 * np.clip((density - 0.16) / 0.24, 0, 1)
        weight = np.maximum(weight * np.float32(ink.strength * amount), 0)
        weight = repeated(np.asarray(weight, np.float32), self._spread)
        np.multiply(0.65 + 0.35 * alone, weight, out=self._of_fine)
        alone = repeated(alone * weight * np.float32(ink.coarse), self._cell // self._step)
        np.multiply(coarse, alone, out=self._of_coarse)

    def _opacity(self, rows: slice) -> Plane:
        """How much of the line's colour a strip gets, as `Ink.forward` says; overwritten."""
        opacity, spread = (strip[: rows.stop - rows.start] for strip in (self._one, self._other))
        cell, step = self._cell, self._step
        of_fine = self._of_fine[rows.start // cell : rows.stop // cell]
        of_coarse = self._of_coarse[rows.start // step : rows.stop // step]
        np.multiply(self._lines[rows], repeated(of_fine, cell, spread), out=opacity)
        np.maximum(opacity, repeated(of_coarse, step, spread), out=opacity)
        return np.minimum(opacity, 1, out=opacity)

    def _inked(self, rows: slice, drawn: Plane) -> Plane:
        """Write a strip of the flat picture with its lines into `drawn`, which may be the strip.

        flat (1 - o (1 - tint)) + o tone is a blend of two pictures, the second of one colour.
        """
        opacity = self._opacity(rows)
        opacity *= self._share
        kept = np.subtract(1, opacity, out=self._other[: len(opacity)])
        tone = self._tone[: len(opacity)]
        return np.asarray(cv2.blendLinear(self._flat[rows], tone, kept, opacity, dst=drawn))

    def _draw(self) -> None:
        """Blend flat picture and lines into levels."""
        for rows in self._strips():
            drawn = self._inked(rows, self._three[: rows.stop - rows.start])
            cv2.convertScaleAbs(drawn, dst=self._drawn[rows])

    def _draw_layers(self, photo: Pixels, look: NDArray[np.float32]) -> None:
        """The same with the layers of `StudentPicture.forward` behind it."""
        _, strength, keep_colour, vivid = (float(value) for value in look)
        drawn = self._flat
        for rows in self._strips():
            self._inked(rows, drawn[rows])
        if "vivid" in self._layers:
            drawn = _mixed(drawn, vivid, _grey(drawn))
        source = photo.astype(np.float32)
        if "keep_color" in self._layers:
            grey, source_grey = _grey(drawn), _grey(source)
            shift = float(source_grey.mean() - grey.mean())
            drawn = _mixed(grey + shift + (source - source_grey), keep_colour, drawn)
        if "strength" in self._layers:
            drawn = _mixed(drawn, strength, source)
        np.clip(drawn, 0, 255, out=drawn)
        cv2.convertScaleAbs(drawn, dst=self._drawn)


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
        rows, columns = size
        self._block, self._reach = block, -(-radius // block)
        self._border = border = block * self._reach
        threshold, ramp = line
        self._slope = 1 / (ramp * threshold)
        self._offset = (1 - threshold) * self._slope
        self._padded = np.empty((rows + 2 * border, columns + 2 * border), np.float32)
        self._kernels = [_gaussian(s, radius) for s in (sigma, sigma * WIDER)]
        self._blurs = np.empty((2, *self._padded.shape), np.float32)
        self._lines = np.empty((rows, columns), np.float32)
        self._inner = slice(border, border + rows), slice(border, border + columns)
        self.inside: Plane = self._padded[self._inner]

    def __call__(self) -> Plane:
        """Return the lines; overwritten by the next call."""
        self._repeat_edges()
        for blurred, kernel in zip(self._blurs, self._kernels, strict=True):
            cv2.sepFilter2D(self._padded, -1, kernel, kernel, dst=blurred)
        narrow, wide = (blurred[self._inner] for blurred in self._blurs)
        for top in range(0, len(self._lines), STRIP_ROWS):
            rows = slice(top, top + STRIP_ROWS)
            lines = self._lines[rows]
            cv2.divide(narrow[rows], wide[rows], dst=lines, scale=-self._slope)
            lines += self._offset
            np.clip(lines, 0, 1, out=lines)
        return self._lines

    def _repeat_edges(self) -> None:
        """Continue the picture by whole blocks of its edge, as padding in blocks does."""
        border, block, padded = self._border, self._block, self._padded
        columns = self._inner[1]
        for offset in range(0, border, block):
            far = border + len(self._lines) + offset
            padded[offset : offset + block, columns] = self.inside[:block]
            padded[far : far + block, columns] = self.inside[-block:]
        left, right = padded[:, border : border + block], padded[:, columns.stop - block :]
        right = right[:, :block]
        for offset in range(0, border, block):
            padded[:, offset : offset + block] = left
            far = columns.stop + offset
            padded[:, far : far + block] = right


def repeated(plane: Plane, times: int, out: Plane | None = None) -> Plane:
    """Nearest enlargement of (h, w) float32 by a whole number."""
    h, w = plane.shape
    if out is None:
        out = np.empty((h * times, w * times), np.float32)
    row = cv2.merge([plane] * times).reshape(h, w * times)
    out.reshape(h, times, w * times)[:] = row[:, None]
    return out


def _gaussian(sigma: float, radius: int) -> Plane:
    offset = np.arange(-radius, radius + 1, dtype=np.float32)
    kernel = np.exp(-(offset**2) / (2 * sigma**2))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _grey(picture: Plane) -> Plane:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))


def _mixed(one: Plane, share: float, other: Plane) -> Plane:
    return np.asarray(cv2.addWeighted(one, share, other, 1 - share, 0), np.float32)
