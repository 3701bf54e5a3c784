"""How pictures draw their lines, as line parameters for a style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels
from livecartoon.models.inkstyle import InkStyle

Floats = NDArray[np.float64]
LINES = 400
"""Short side at which lines are measured, in pixels."""
DARKER = 0.10
"""Than what is around, relative: a line."""
USUAL_SHARE = 0.042
"""Of the pixels in lines, in photos as shinkai's `small` draws them."""


def line_share(picture: Pixels) -> float:
    """Share of a picture's pixels that lie in dark lines."""
    return float((_darkness(_reduced(picture)) > DARKER).mean())


def fitted_lines(base: InkStyle, pictures: Sequence[Pixels]) -> InkStyle:
    """The base's lines with the darkness, colour and number of those in the pictures."""
    share = float(np.mean([line_share(picture) for picture in pictures]))
    strokes = [_strokes(_reduced(picture)) for picture in pictures]
    found = np.concatenate(strokes)
    more = float(np.clip((USUAL_SHARE / max(share, 1e-3)) ** 0.5, 0.7, 1.6))
    tone = np.clip(np.median(found, 0) / 255, 0, 0.35) if len(found) else np.array(base.tone)
    strength = float(np.clip(1.05 - 2 * tone.mean(), 0.45, 1.0))
    red, green, blue = (round(float(value), 3) for value in tone)
    return replace(
        base,
        threshold=round(float(np.clip(base.threshold * more, 1e-3, 1.0)), 4),
        strength=round(strength, 3),
        tone=(red, green, blue),
    )


def _reduced(picture: Pixels) -> Floats:
    """The means of whole blocks, so that the short side has about `LINES` pixels."""
    step = max(1, round(min(picture.shape[:2]) / LINES))
    rows, columns = (side // step * step for side in picture.shape[:2])
    cut = picture[:rows, :columns].astype(np.float64)
    return np.asarray(cut.reshape(rows // step, step, columns // step, step, 3).mean((1, 3)))


def _darkness(picture: Floats) -> Floats:
    """How much darker a pixel is than the 7x7 around it, relative to that."""
    light = picture @ np.array([0.299, 0.587, 0.114])
    wide = _box(light, 3)
    return np.asarray((wide - _box(light, 1)) / (wide + 0.12 * 255))


def _strokes(picture: Floats) -> Floats:
    """Colours (n, 3) of the darkest tenth of the line pixels."""
    darkness = _darkness(picture)
    is_line = darkness > 2 * DARKER
    if not is_line.any():
        return np.empty((0, 3))
    return np.asarray(picture[is_line & (darkness >= np.quantile(darkness[is_line], 0.9))])


def _box(plane: Floats, radius: int) -> Floats:
    """Mean of the square around each pixel, edges repeated."""
    for axis in range(2):
        ends = np.pad(
            plane, [(radius + 1, radius) if a == axis else (0, 0) for a in range(2)], "edge"
        )
        total = np.cumsum(ends, axis)
        count = plane.shape[axis]
        width = 2 * radius + 1
        plane = (
            np.take(total, np.arange(count) + width, axis) - np.take(total, np.arange(count), axis)
        ) / width
    return plane
