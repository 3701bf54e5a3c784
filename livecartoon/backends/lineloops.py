"""The lines of full-size pictures, a row at a time, in a core's own cache.

The same arithmetic as `models.ink`, which stays the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from livecartoon.backends.blocks import Plane
from livecartoon.compiled import compiled, part

Number = np.floating[Any]
REACH = 4
"""Pixels to each side of the Gaussians' middle."""
ALONG = 3
"""Pixels to each side of the middle along which darkness is averaged."""
_ZERO, _ONE = np.float32(0), np.float32(1)
_FIFTH, _SEVENTH = np.float32(1 / 5), np.float32(1 / 7)


@compiled
def lines_of(
    bright: Plane,
    kernels: Plane,
    block: int,
    ramp: tuple[float, float],
    dark: Plane,
    blurred: Plane,
    out: Plane,
) -> None:
    """Write how much of a line each pixel of `bright` (H, W) is, 0..1, to `out`.

    With N and W its blurs by the two `kernels` (2, 9), n / w is averaged along four directions,
    the least is taken, and slope and offset of `ramp` make it offset - slope least. The picture
    goes on beyond its edge by repetitions of the `block` pixels there, as padding in blocks does.
    `dark` (H + 2 ALONG, W + 2 ALONG) and `blurred` (4, W + 2 REACH) are room to work in.
    """
    height, width = bright.shape
    narrow, wide, along, out_of = blurred[0], blurred[1], blurred[2], blurred[3]
    slope, offset = np.float32(ramp[0]), np.float32(ramp[1])
    for y in range(height):
        _blur_down(bright, y, block, kernels, narrow, wide)
        _lengthen(narrow, width, REACH, block)
        _lengthen(wide, width, REACH, block)
        _blur_along(narrow, kernels[0], along, width)
        _blur_along(wide, kernels[1], out_of, width)
        row = dark[y + ALONG]
        _divided(along, out_of, row[ALONG : ALONG + width])
        _lengthen(row, width, ALONG, block)
    for i in range(ALONG):
        _copy(dark[ALONG + _inside(i - ALONG, height, block)], dark[i])
        _copy(dark[ALONG + _inside(height + i, height, block)], dark[ALONG + height + i])
    for y in range(height):
        _along(
            dark[y], dark[y + 1], dark[y + 2], dark[y + 3], dark[y + 4], dark[y + 5], dark[y + 6],
            slope, offset, out[y],
        )  # fmt: skip


@part
def _inside(place: int, length: int, block: int) -> int:
    """Where a pixel beyond the edge is found again, `block` pixels of which are repeated."""
    if place < 0:
        return place % block
    return place if place < length else length - block + (place - length) % block


@part
def _copy(row: Plane, out: Plane) -> None:
    """As a loop: a slice on the left takes seconds to compile."""
    for x in range(out.shape[0]):
        out[x] = row[x]


@part
def _lengthen(row: Plane, width: int, border: int, block: int) -> None:
    """Fill the `border` pixels at both ends of a row."""
    for i in range(border):
        row[i] = row[border + _inside(i - border, width, block)]
        row[border + width + i] = row[border + _inside(width + i, width, block)]


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
def _divided(narrow: Plane, wide: Plane, out: Plane) -> None:
    for x in range(out.shape[0]):
        out[x] = narrow[x] / wide[x]


@part
def _along(
    a: Plane,
    b: Plane,
    c: Plane,
    d: Plane,
    e: Plane,
    f: Plane,
    g: Plane,
    slope: Number,
    offset: Number,
    out: Plane,
) -> None:
    """Seven rows, longer by `ALONG` at both ends, to the lines of the middle one."""
    for x in range(out.shape[0]):
        beside = d[x + 1] + d[x + 2] + d[x + 3] + d[x + 4] + d[x + 5]
        across = (beside + d[x] + d[x + 6]) * _SEVENTH
        down = (
            a[x + 3] + b[x + 3] + c[x + 3] + d[x + 3] + e[x + 3] + f[x + 3] + g[x + 3]
        ) * _SEVENTH
        falling = (b[x + 1] + c[x + 2] + d[x + 3] + e[x + 4] + f[x + 5]) * _FIFTH
        rising = (b[x + 5] + c[x + 4] + d[x + 3] + e[x + 2] + f[x + 1]) * _FIFTH
        least = min(min(across, down), min(falling, rising))
        out[x] = min(max(offset - slope * least, _ZERO), _ONE)
