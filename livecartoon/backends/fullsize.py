"""A student's decisions applied to full-size pictures, a row at a time, in a core's own cache.

The same arithmetic as `models.picture` and `models.ink`, which stay the reference. Rows of a
colour lie beside each other while they are worked on: a processor takes eight or sixteen floats
at once, of one colour.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.blocks import Plane
from livecartoon.compiled import compiled, part

Levels = NDArray[np.uint8]
Number = np.floating[Any]
Row = TypeVar("Row", Levels, Plane)
DARK = np.float32(0.12 * 255)
"""Keeps relative darkness finite in the dark: added to the luminance once, before it is blurred."""
_ZERO, _ONE, _HALF, _FULL = np.float32(0), np.float32(1), np.float32(0.5), np.float32(255)
_RED, _GREEN, _BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)


class Decided(NamedTuple):
    """A photo and what the network decided about it."""

    photo: Levels
    """(H, 3W)."""
    gate: Plane
    """In blocks (h/4, w/4, 48), thrice each value, of a picture `times` smaller."""
    colour: Plane
    """As `gate`, in levels."""
    times: int


class Lines(NamedTuple):
    """What is drawn over the fills: of an opacity o, 1 - o share of them is kept, o tone added."""

    found: Plane
    """(H, W) 0..1."""
    weight: Plane
    """How much they count, of cells of whole pixels."""
    share: float
    tone: Plane
    """(3,) in levels."""


class Rows(NamedTuple):
    """Room for a row of everything, made outside: to make arrays takes long to compile."""

    lows: Plane
    """(2, 4, w + 2): two rows of gate and colour before they are enlarged, ends repeated."""
    mixed: Plane
    """(4, w + 2): a row between them."""
    maps: Plane
    """(4, W)."""
    planes: Plane
    """(3, W): red, green, blue."""
    whole: Levels
    """(3, W)."""
    opacity: Plane
    """(2, W): that, and the weights it is made of."""

    @classmethod
    def of(cls, width: int, times: int) -> Rows:
        """For frames of `width`, `times` that of the network."""
        low, floats = width // times + 2, np.float32
        shapes = (2, 4, low), (4, low), (4, width), (3, width)
        lows, mixed, maps, planes = (np.empty(shape, floats) for shape in shapes)
        whole, opacity = np.empty((3, width), np.uint8), np.empty((2, width), floats)
        return cls(lows, mixed, maps, planes, whole, opacity)


@compiled
def fill(decided: Decided, rows: Rows, luminance: Plane, out: Levels) -> None:
    """Write the fills in whole levels to `out` (H, 3W).

    Their `luminance` (H, W), in levels and not rounded, gets `DARK` added.
    """
    have = -1
    for y in range(out.shape[0]):
        have = _maps_of_row(y, decided, have, rows)
        _fill(decided.photo[y], rows.maps, rows.planes)
        _weighted(rows.planes, luminance[y])
        for c in range(3):
            _rounded(rows.planes[c], rows.whole[c])
        _join(rows.whole, out[y])


@compiled
def fills_of(decided: Decided, rows: Rows, out: Plane) -> None:
    """Write the fills themselves, in levels, to `out` (H, 3W)."""
    have = -1
    for y in range(out.shape[0]):
        have = _maps_of_row(y, decided, have, rows)
        _fill(decided.photo[y], rows.maps, rows.planes)
        _join(rows.planes, out[y])


@compiled
def ink_levels(levels: Levels, lines: Lines, rows: Rows) -> None:
    """Draw the lines into fills (H, 3W) in whole levels that are already there."""
    opacity, share, tone = rows.opacity, np.float32(lines.share), lines.tone
    for y in range(levels.shape[0]):
        _opacity(y, lines, opacity)
        _ink_row(levels[y], opacity[0], share, tone[0], tone[1], tone[2])


@compiled
def ink_fills(fills: Plane, lines: Lines, rows: Rows) -> None:
    """Draw the lines into fills (H, 3W) in levels that are already there."""
    share = np.float32(lines.share)
    for y in range(fills.shape[0]):
        _opacity(y, lines, rows.opacity)
        _split(fills[y], rows.planes)
        for c in range(3):
            _inked(rows.planes[c], rows.opacity[0], share, lines.tone[c])
        _join(rows.planes, fills[y])


@part
def _maps_of_row(y: int, decided: Decided, have: int, rows: Rows) -> int:
    """Enlarge gate and colour for row `y` of the picture, bilinear; return the last row read."""
    times, lows, last = decided.times, rows.lows, decided.gate.shape[0] * 4 - 1
    place = (y + 0.5) / times - 0.5
    above = int(np.floor(place))
    share = np.float32(place - above)
    below = min(above + 1, last)
    while have < below:
        have += 1
        _row_of_blocks(decided.gate, decided.colour, have, lows[have % 2])
    upper, lower = lows[max(above, 0) % 2], lows[below % 2]
    for c in range(4):
        _between(upper[c], lower[c], share, rows.mixed[c])
        _grow(rows.mixed[c], times, rows.maps[c])
    return have


@part
def _row_of_blocks(gate: Plane, colour: Plane, y: int, out: Plane) -> None:
    """Row `y` of the blocks' first gate and three colours to `out` (4, w + 2), ends repeated."""
    width = gate.shape[1] * 4
    first = (y % 4) * 12
    for b in range(gate.shape[1]):
        ours, theirs = gate[y // 4, b], colour[y // 4, b]
        for i in range(4):
            out[0, b * 4 + i + 1] = ours[first + i * 3]
            for c in range(3):
                out[c + 1, b * 4 + i + 1] = theirs[first + i * 3 + c]
    for c in range(4):
        out[c, 0] = out[c, 1]
        out[c, width + 1] = out[c, width]


@part
def _between(one: Plane, other: Plane, share: Number, out: Plane) -> None:
    for x in range(out.shape[0]):
        out[x] = one[x] + share * (other[x] - one[x])


@part
def _grow(row: Plane, times: int, out: Plane) -> None:
    """Enlarge a row (w + 2) by a whole number, bilinear; the usual ones in one go each."""
    width = row.shape[0] - 2
    if times == 1:
        for x in range(width):
            out[x] = row[x + 1]
    elif times == 2:
        quarter = np.float32(0.25)
        for x in range(width):
            out[2 * x] = row[x + 1] + quarter * (row[x] - row[x + 1])
            out[2 * x + 1] = row[x + 1] + quarter * (row[x + 2] - row[x + 1])
    elif times == 3:
        third = np.float32(1 / 3)
        for x in range(width):
            out[3 * x] = row[x + 1] + third * (row[x] - row[x + 1])
            out[3 * x + 1] = row[x + 1]
            out[3 * x + 2] = row[x + 1] + third * (row[x + 2] - row[x + 1])
    else:
        for p in range(times):
            place = (p + 0.5) / times - 0.5
            share, other = np.float32(abs(place)), 0 if place < 0 else 2
            for x in range(width):
                out[x * times + p] = row[x + 1] + share * (row[x + other] - row[x + 1])


@part
def _fill(photo: Levels, maps: Plane, out: Plane) -> None:
    """Gate times photo plus colour, within 0..255, to planes (3, W)."""
    _split(photo, out)
    for c in range(3):
        _filled(out[c], maps[0], maps[c + 1])


@part
def _filled(plane: Plane, gate: Plane, colour: Plane) -> None:
    for x in range(plane.shape[0]):
        plane[x] = min(max(plane[x] * gate[x] + colour[x], _ZERO), _FULL)


@part
def _weighted(planes: Plane, out: Plane) -> None:
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(out.shape[0]):
        out[x] = _RED * red[x] + _GREEN * green[x] + _BLUE * blue[x] + DARK


@part
def _split(row: Row, out: Plane) -> None:
    red, green, blue = out[0], out[1], out[2]
    for x in range(red.shape[0]):
        red[x] = row[3 * x]
        green[x] = row[3 * x + 1]
        blue[x] = row[3 * x + 2]


@part
def _join(planes: Row, out: Row) -> None:
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(red.shape[0]):
        out[3 * x] = red[x]
        out[3 * x + 1] = green[x]
        out[3 * x + 2] = blue[x]


@part
def _opacity(y: int, lines: Lines, out: Plane) -> None:
    """How much of the line's colour the pixels of row `y` get, 0..1, to the first of `out`."""
    _repeat(lines.weight, y, lines.found.shape[0] // lines.weight.shape[0], out[1])
    _product(lines.found[y], out[1], out[0])


@part
def _product(found: Plane, weight: Plane, out: Plane) -> None:
    for x in range(out.shape[0]):
        out[x] = min(max(found[x] * weight[x], _ZERO), _ONE)


@part
def _repeat(cells: Plane, y: int, side: int, out: Plane) -> None:
    """The cells of row `y` of the picture, if it is the first of them; else they are there."""
    if y % side:
        return
    row = cells[y // side]
    for k in range(side):
        for x in range(row.shape[0]):
            out[x * side + k] = row[x]


@part
def _inked(fill: Plane, opacity: Plane, share: Number, tone: Number) -> None:
    for x in range(fill.shape[0]):
        fill[x] += opacity[x] * (tone - share * fill[x])


@part
def _rounded(fill: Plane, out: Levels) -> None:
    for x in range(out.shape[0]):
        out[x] = np.uint8(np.int32(fill[x] + _HALF))


@part
def _ink_row(
    row: Levels, opacity: Plane, share: Number, red: Number, green: Number, blue: Number
) -> None:
    """Few pixels have a line: these alone are looked at, one by one."""
    for x in range(opacity.shape[0]):
        o = opacity[x]
        if o > _ZERO:
            kept = _ONE - o * share
            row[3 * x] = _level(row[3 * x] * kept + o * red)
            row[3 * x + 1] = _level(row[3 * x + 1] * kept + o * green)
            row[3 * x + 2] = _level(row[3 * x + 2] * kept + o * blue)


@part
def _level(value: Number) -> np.uint8:
    return np.uint8(np.int32(min(max(value + _HALF, _ZERO), _FULL)))
