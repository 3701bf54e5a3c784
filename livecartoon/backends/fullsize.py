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
REACH = 4
"""Pixels to each side of the Gaussians' middle."""
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

    fine: Plane
    """(H, W) 0..1; it counts as much as its cell of `of_fine` says."""
    of_fine: Plane
    of_coarse: Plane
    """The opacity of the other lines, by cells of its own; the larger one counts."""
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
    """(3, W): that, and the weights it is made of."""
    blurred: Plane
    """(4, W + 2 REACH): two blurs down, longer by the edges, and along."""

    @classmethod
    def of(cls, width: int, times: int) -> Rows:
        """For frames of `width`, `times` that of the network."""
        low, floats = width // times + 2, np.float32
        shapes = (2, 4, low), (4, low), (4, width), (3, width)
        lows, mixed, maps, planes = (np.empty(shape, floats) for shape in shapes)
        opacity, blurred = np.empty((3, width), floats), np.empty((4, width + 2 * REACH), floats)
        return cls(lows, mixed, maps, planes, np.empty((3, width), np.uint8), opacity, blurred)


@compiled
def luminance(decided: Decided, rows: Rows, out: Plane) -> None:
    """Write the luminance of the fills, in levels, plus `DARK`, to `out` (H, W)."""
    have = -1
    for y in range(out.shape[0]):
        have = _maps_of_row(y, decided, have, rows)
        _fill(decided.photo[y], rows.maps, rows.planes)
        _weighted(rows.planes, out[y])


@compiled
def fills_of(decided: Decided, rows: Rows, out: Plane) -> None:
    """Write the fills themselves, in levels, to `out` (H, 3W)."""
    have = -1
    for y in range(out.shape[0]):
        have = _maps_of_row(y, decided, have, rows)
        _fill(decided.photo[y], rows.maps, rows.planes)
        _join(rows.planes, out[y])


@compiled
def lines_of(
    bright: Plane, kernels: Plane, block: int, ramp: tuple[float, float], rows: Rows, out: Plane
) -> None:
    """Write how much of a line each pixel of `bright` (H, W) is, 0..1, to `out`.

    With N and W its blurs by the two `kernels` (2, 9) and slope and offset of `ramp`:
    offset - slope N / W. The picture goes on beyond its edge by repetitions of the `block` pixels
    there, as padding in blocks does.
    """
    height, width = bright.shape
    narrow, wide = rows.blurred[0], rows.blurred[1]
    along, out_of = rows.blurred[2], rows.blurred[3]
    slope, offset = np.float32(ramp[0]), np.float32(ramp[1])
    for y in range(height):
        _blur_down(bright, y, block, kernels, narrow, wide)
        for i in range(REACH):
            left = REACH + _inside(i - REACH, width, block)
            right = REACH + _inside(width + i, width, block)
            narrow[i], narrow[REACH + width + i] = narrow[left], narrow[right]
            wide[i], wide[REACH + width + i] = wide[left], wide[right]
        _blur_along(narrow, kernels[0], along, width)
        _blur_along(wide, kernels[1], out_of, width)
        _ramped(along, out_of, slope, offset, out[y])


@compiled
def weigh(
    density: Plane, weight: Plane, coarse: Plane, amount: float, much: float, lines: Lines
) -> None:
    """Write how much each cell's lines count: to `of_fine`, and those of `coarse` to `of_coarse`.

    Where lines crowd (`density`, of the cells of `of_fine`) wide ones give way. `weight` (h, w)
    is the network's, `amount` goes with it, `much` with the coarse ones.
    """
    of_fine, of_coarse = lines.of_fine, lines.of_coarse
    spread = of_fine.shape[0] // weight.shape[0]
    side = of_coarse.shape[0] // of_fine.shape[0]
    amount_, much_, most = np.float32(amount), np.float32(much), np.float32(0.65)
    for y in range(of_fine.shape[0]):
        ours, crowded, fine = weight[y // spread], density[y], of_fine[y]
        for k in range(spread):
            for x in range(ours.shape[0]):
                fine[x * spread + k] = max(ours[x] * amount_, _ZERO)
        for i in range(side):
            below, of_below = coarse[y * side + i], of_coarse[y * side + i]
            for k in range(side):
                for x in range(fine.shape[0]):
                    coarse_weight = _alone(crowded[x]) * fine[x] * much_
                    of_below[x * side + k] = below[x * side + k] * coarse_weight
        for x in range(fine.shape[0]):
            fine[x] *= most + (_ONE - most) * _alone(crowded[x])


@part
def _alone(density: Number) -> Number:
    """How much wide lines count where lines are as dense as that, 0.35..1."""
    loss, most = np.float32(0.65 / 0.24), np.float32(0.65)
    return _ONE - min(max((density - np.float32(0.16)) * loss, _ZERO), most)


@compiled
def draw(decided: Decided, lines: Lines, rows: Rows, out: Levels) -> None:
    """Write the fills with their lines, in whole levels, to `out` (H, 3W)."""
    planes, maps, whole, opacity = rows.planes, rows.maps, rows.whole, rows.opacity
    share, have = np.float32(lines.share), -1
    for y in range(out.shape[0]):
        have = _maps_of_row(y, decided, have, rows)
        _opacity(y, lines, opacity)
        _split(decided.photo[y], planes)
        for c in range(3):
            _drawn(planes[c], maps[0], maps[c + 1], opacity[0], share, lines.tone[c], whole[c])
        _join(whole, out[y])


@compiled
def ink(fills: Plane, lines: Lines, rows: Rows) -> None:
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
    height = lines.fine.shape[0]
    _repeat(lines.of_fine, y, height // lines.of_fine.shape[0], out[1])
    _repeat(lines.of_coarse, y, height // lines.of_coarse.shape[0], out[2])
    _larger(lines.fine[y], out[1], out[2], out[0])


@part
def _larger(fine: Plane, of_fine: Plane, coarse: Plane, out: Plane) -> None:
    for x in range(out.shape[0]):
        out[x] = min(max(fine[x] * of_fine[x], coarse[x]), _ONE)


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
def _drawn(
    photo: Plane,
    gate: Plane,
    colour: Plane,
    opacity: Plane,
    share: Number,
    tone: Number,
    out: Levels,
) -> None:
    """`_fill` and `_inked` of one colour, rounded, without going through memory in between."""
    for x in range(out.shape[0]):
        fill = min(max(photo[x] * gate[x] + colour[x], _ZERO), _FULL)
        level = fill + opacity[x] * (tone - share * fill) + _HALF
        out[x] = np.uint8(np.int32(min(max(level, _ZERO), _FULL)))


@part
def _inside(place: int, length: int, block: int) -> int:
    """Where a pixel beyond the edge is found again, `block` pixels of which are repeated."""
    if place < 0:
        return place % block
    return place if place < length else length - block + (place - length) % block


@part
def _blur_down(
    bright: Plane, y: int, block: int, kernels: Plane, of_narrow: Plane, of_wide: Plane
) -> None:
    """Weigh the nine rows around `y` by both kernels; the rows out are `REACH` longer."""
    height, width = bright.shape
    a, i = bright[_inside(y - 4, height, block)], bright[_inside(y + 4, height, block)]
    b, h = bright[_inside(y - 3, height, block)], bright[_inside(y + 3, height, block)]
    c, g = bright[_inside(y - 2, height, block)], bright[_inside(y + 2, height, block)]
    d, f = bright[_inside(y - 1, height, block)], bright[_inside(y + 1, height, block)]
    e, narrow, wide = bright[y], kernels[0], kernels[1]
    n0, n1, n2, n3, n4 = narrow[4], narrow[5], narrow[6], narrow[7], narrow[8]
    w0, w1, w2, w3, w4 = wide[4], wide[5], wide[6], wide[7], wide[8]
    for x in range(width):
        s1, s2, s3, s4 = d[x] + f[x], c[x] + g[x], b[x] + h[x], a[x] + i[x]
        of_narrow[x + REACH] = e[x] * n0 + s1 * n1 + s2 * n2 + s3 * n3 + s4 * n4
        of_wide[x + REACH] = e[x] * w0 + s1 * w1 + s2 * w2 + s3 * w3 + s4 * w4


@part
def _blur_along(row: Plane, kernel: Plane, out: Plane, width: int) -> None:
    """Weigh nine neighbours in a row that is `REACH` longer at each end."""
    k0, k1, k2, k3, k4 = kernel[4], kernel[5], kernel[6], kernel[7], kernel[8]
    for x in range(width):
        out[x] = (
            row[x + 4] * k0
            + (row[x + 3] + row[x + 5]) * k1
            + (row[x + 2] + row[x + 6]) * k2
            + (row[x + 1] + row[x + 7]) * k3
            + (row[x] + row[x + 8]) * k4
        )


@part
def _ramped(narrow: Plane, wide: Plane, slope: Number, offset: Number, out: Plane) -> None:
    for x in range(out.shape[0]):
        out[x] = min(max(offset - slope * narrow[x] / wide[x], _ZERO), _ONE)
