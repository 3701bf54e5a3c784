"""One photo in, one drawn-looking training target out; deterministic, without a teacher."""

from dataclasses import dataclass

import cv2
import numpy as np

from trainer.targets.colour import oklab_to_rgb, rgb_to_oklab
from trainer.targets.flatten import flatten
from trainer.targets.grade import grade
from trainer.targets.lines import draw_lines
from trainer.targets.masks import Masks, find_masks
from trainer.targets.parameters import FillParameters, StyleParameters
from trainer.targets.planes import Array, mix, relative_scale

_SMALLEST_SIDE = 32


@dataclass(frozen=True, slots=True)
class Fills:
    """A flattened photo, float32 RGB (H, W, 3) in 0..1: what styles of equal fills share."""

    masks: Masks
    flat: Array  # fills in the photo's colours
    source: Array  # the little-smoothed picture that lines come from


@dataclass(frozen=True, slots=True)
class Target:
    """A photo as a drawing; pictures are float32 RGB (H, W, 3), `line` is (H, W), all 0..1."""

    flat: Array  # fills in the photo's colours
    graded: Array  # fills in the style's colours: what a student learns
    line: Array  # strength of the lines, for the ink layer
    out: Array  # graded fills under inked lines


def make_target(photo: Array, parameters: StyleParameters) -> Target:
    """Draw `photo`, float32 RGB (H, W, 3) in 0..1, in the style of `parameters`.

    Radii scale with the picture, so 360 and 768 lines give the same drawing.
    """
    return draw_target(make_fills(photo, parameters.fills), parameters)


def make_fills(photo: Array, parameters: FillParameters) -> Fills:
    """Flatten `photo`, float32 RGB (H, W, 3) in 0..1: about three quarters of a target's time."""
    _check_photo(photo)
    # Camera noise would become specks in every later step.
    sigma = 1.5 * max(relative_scale(photo), 0.7)
    clean = np.asarray(cv2.bilateralFilter(photo, 5, 0.05, sigma), dtype=np.float32)
    lab = rgb_to_oklab(clean)
    masks = find_masks(clean, lab)
    return Fills(masks, *flatten(clean, lab, masks, parameters))


def draw_target(fills: Fills, parameters: StyleParameters) -> Target:
    """Grade flattened `fills` and draw lines on them."""
    graded = np.clip(grade(fills.flat, fills.masks, parameters), 0, 1)
    line = draw_lines(fills.source, fills.masks, parameters)
    return Target(fills.flat, graded, line, inked(graded, line, parameters))


def inked(graded: Array, line: Array, parameters: StyleParameters) -> Array:
    """Lines over the fills, in the fill's own colour darkened and tinted: grey ink looks dead."""
    inked = line > 0
    out = graded.copy()
    if not inked.any():
        return out
    fills = graded[inked][None]  # a picture of one row, so that only lines cost time
    lab = rgb_to_oklab(fills)
    lightness = 0.9 * parameters.ink_lightness * lab[..., 0] + 0.05
    tinted = lab[..., 1:] * np.float32(0.7) + np.array(parameters.ink_tint, np.float32)
    ink = oklab_to_rgb(np.dstack([lightness, tinted]).astype(np.float32))
    out[inked] = np.clip(mix(fills, ink, parameters.ink * line[inked][None]), 0, 1)[0]
    return out


def _check_photo(photo: Array) -> None:
    if photo.dtype != np.float32 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"photo must be float32 (H, W, 3), got {photo.dtype} {photo.shape}")
    if min(photo.shape[:2]) < _SMALLEST_SIDE:
        raise ValueError(f"photo must be at least {_SMALLEST_SIDE} px on each side: {photo.shape}")
