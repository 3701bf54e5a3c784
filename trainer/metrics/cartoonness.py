"""How drawn a picture looks, in numbers without any network.

Flatness alone is fooled by blur. Flatness up with the share of strong edges kept is what a
cartoon does: see `headline`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from trainer.metrics.arrays import Bytes, Doubles, gradient, lab

FLAT, STRONG = 1.0, 8.0
"""Slopes in L* per pixel below which a pixel is flat, above which it is on an edge."""
LINE = 12.0
"""L* that a line stands out from its surroundings."""
KEPT_EDGES = 0.7
_COLOURS = 32**3


@dataclass(frozen=True, slots=True)
class Cartoonness:
    """The statistics of one picture; shares are 0..1 of its pixels."""

    flat: float
    """Share with a slope below 1."""
    flat_half: float
    """Share with a slope below 0.5."""
    mid: float
    """Share with a slope of 1..8: texture and soft shading."""
    strong: float
    """Share with a slope above 8."""
    polarity: float
    """Strong among strong and mid."""
    dark_line: float
    light_line: float
    n90: float
    """Fewest colours of 5 bits per channel that cover 90 % of the pixels."""
    entropy: float
    """Bits over those colours."""
    colourfulness: float
    """Hasler and Suesstrunk 2003, on 8-bit values."""
    light_mean: float
    """L*."""
    light_std: float
    chroma: float
    clipped: float
    """Share with a channel <= 1 or >= 254."""


#: The twelve that make the vector of `stats-v1`; the other two follow from them or from exposure.
VECTOR = tuple(f.name for f in fields(Cartoonness) if f.name not in ("flat_half", "clipped"))


def cartoonness(picture: Bytes) -> Cartoonness:
    """Measure a uint8 RGB picture (H, W, 3) as it is; comparable at 256 px short side only."""
    planes = lab(picture)
    light = planes[..., 0]
    slope = gradient(light)
    strong = float((slope > STRONG).mean())
    mid = float(((slope >= FLAT) & (slope <= STRONG)).mean())
    dark, bright = _line_shares(light)
    n90, entropy = _colour_counts(picture)
    return Cartoonness(
        flat=float((slope < FLAT).mean()),
        flat_half=float((slope < FLAT / 2).mean()),
        mid=mid,
        strong=strong,
        polarity=strong / (strong + mid) if strong + mid else 0.0,
        dark_line=dark,
        light_line=bright,
        n90=n90,
        entropy=entropy,
        colourfulness=colourfulness(picture),
        light_mean=float(light.mean()),
        light_std=float(light.std()),
        chroma=float(np.hypot(planes[..., 1], planes[..., 2]).mean()),
        clipped=float(((picture <= 1) | (picture >= 254)).any(2).mean()),
    )


def colourfulness(picture: Bytes) -> float:
    """Hasler and Suesstrunk 2003: spread plus 0.3 times distance from grey of opponent colours."""
    red, green, blue = np.moveaxis(picture.astype(np.float64), 2, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = np.hypot(*(values.std() for values in opponents))
    return float(spread + 0.3 * np.hypot(*(values.mean() for values in opponents)))


def mean_of(rows: list[Cartoonness]) -> dict[str, float]:
    """Mean of every statistic over the pictures."""
    return {
        f.name: float(np.mean([getattr(row, f.name) for row in rows])) for f in fields(Cartoonness)
    }


def headline(cartoon: dict[str, float], photo: dict[str, float]) -> tuple[float, bool]:
    """C = flatness relative to the photo's, and whether it is only blur (edges were lost)."""
    is_blurred = cartoon["strong"] < KEPT_EDGES * photo["strong"]
    return cartoon["flat"] / max(photo["flat"], 1e-9), is_blurred


def _line_shares(light: Doubles) -> tuple[float, float]:
    """Shares of pixels in lines darker, and lighter, than what is around them."""
    square = np.ones((5, 5), np.uint8)
    dark, bright = (
        np.asarray(cv2.morphologyEx(light, kind, square)) > LINE
        for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)
    )
    return float(dark.mean()), float(bright.mean())


def _colour_counts(picture: Bytes) -> tuple[float, float]:
    """Colours covering 90 % of the pixels, and bits of their histogram."""
    red, green, blue = np.moveaxis(picture.astype(np.int64) >> 3, 2, 0)
    counts = np.bincount(((red << 10) | (green << 5) | blue).ravel(), minlength=_COLOURS)
    share = np.sort(counts[counts > 0])[::-1] / counts.sum()
    covered = int(np.searchsorted(np.cumsum(share), 0.9 - 1e-12)) + 1
    return float(covered), max(0.0, float(-(share * np.log2(share)).sum()))
