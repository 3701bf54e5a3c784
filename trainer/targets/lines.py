"""Thin anti-aliased strokes on the dark ridges of a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.targets.colour import rgb_to_oklab
from trainer.targets.flow import Flow, blur_along, find_flow, walk_along, walk_length
from trainer.targets.masks import Masks
from trainer.targets.parameters import StyleParameters
from trainer.targets.planes import (
    Array,
    darkest_channel,
    gaussian,
    luminance,
    pixel_grid,
    relative_scale,
    sample,
    smoothstep,
)

# Lines of a picture under 360 lines would be thinner than a pixel in every respect.
_SMALLEST_SCALE = 0.75
_DOG_RATIO = 1.6
_LONGEST_BLUR = 3.0  # px along the flow, for the widest scale
_DOG_SOFTENER = 0.12  # keeps relative darkness finite on black


@dataclass(frozen=True, slots=True)
class _Ridges:
    """Ridge points: `found` (H, W) bool, `offset` px across the flow, `darkness` relative."""

    found: NDArray[np.bool_]
    offset: Array
    darkness: Array
    broad: Array  # darkness at the thick scale


def draw_lines(source: Array, masks: Masks, parameters: StyleParameters) -> Array:
    """Line strength (H, W) in 0..1 of the little-smoothed RGB picture `source`."""
    scale = max(relative_scale(source), _SMALLEST_SCALE)
    # A saturated thing counts as darker than a pale one: contours of skin and cloth.
    light = 0.6 * luminance(source) + 0.4 * darkest_channel(source)
    colours = rgb_to_oklab(source)[..., 1:] * np.float32(1.2)
    flow = find_flow(np.dstack([light, colours]), 1.3 * scale)
    walk = walk_along(flow.tangent, walk_length(_LONGEST_BLUR * scale))
    shades = _darkness_scales(light, flow, parameters.ink_sigma * scale)
    ridges = _find_ridges(shades, walk, flow, masks, scale)
    threshold, crowd = _thresholds(ridges, flow, masks, parameters, scale)
    strength = _stroke_strength(ridges, threshold, walk, scale)
    strength = strength * (1 - 0.55 * masks.clutter) * (1 - 0.3 * smoothstep(crowd, 0.12, 0.3))
    thin, thick = parameters.ink_width
    thickness = np.maximum(0.5 * strength, smoothstep(ridges.broad / threshold, 1.5, 4.0))
    width = np.float32(scale**0.5) * (thin + (thick - thin) * thickness * strength)
    width = width * (1 - 0.25 * masks.clutter - 0.25 * masks.small_face)
    return _draw_strokes(strength, width, ridges.offset, flow)


def _find_ridges(
    shades: list[Array], walk: list[Array], flow: Flow, masks: Masks, scale: float
) -> _Ridges:
    """Sub-pixel ridges of the darkness map, by a parabola across the flow."""
    reaches = (1.6 * scale, 2.5 * scale, _LONGEST_BLUR * scale)
    fine, broad, wide = (
        blur_along(shade, walk, reach) for shade, reach in zip(shades, reaches, strict=True)
    )
    # Noses, jaws and fingers have soft edges: only the wide scale sees them.
    skin = smoothstep(gaussian(masks.skin, 2 * scale), 0.3, 0.7) * (1 - masks.small_face)
    darkness = np.maximum.reduce([fine, 0.8 * broad, 0.75 * skin * wide])
    grid, normal = pixel_grid(*darkness.shape), flow.normal
    ahead, behind = sample(darkness, grid + normal), sample(darkness, grid - normal)
    curve = ahead + behind - 2 * darkness
    offset = 0.5 * (behind - ahead) / np.minimum(curve, np.float32(-1e-5))
    found = (curve < -1e-4) & (np.abs(offset) <= 0.75) & (darkness > 0)
    return _Ridges(found, offset, darkness, broad)


def _darkness_scales(light: Array, flow: Flow, sigma: float) -> list[Array]:
    """Relative difference of Gaussians across the edges (XDoG, 2012), a plane per sigma."""
    sigmas = (0.75 * sigma, 1.5 * sigma, 2.4 * sigma)
    reaches = [int(np.ceil(2.2 * _DOG_RATIO * sigma)) for sigma in sigmas]
    grid, normal = pixel_grid(*light.shape), flow.normal
    sums = [[np.zeros_like(light), np.zeros_like(light)] for _ in sigmas]
    weights = [[0.0, 0.0] for _ in sigmas]
    for step in range(-max(reaches), max(reaches) + 1):
        values = sample(light, grid + np.float32(step) * normal)
        for index, sigma in enumerate(sigmas):
            if abs(step) <= reaches[index]:
                _accumulate(sums[index], weights[index], values, step / sigma)
    shades = []
    for (narrow, wide), (narrow_weight, wide_weight) in zip(sums, weights, strict=True):
        inner, outer = narrow / np.float32(narrow_weight), wide / np.float32(wide_weight)
        shades.append((outer - inner) / (outer + _DOG_SOFTENER))
    return shades


def _accumulate(sums: list[Array], weights: list[float], values: Array, distance: float) -> None:
    for index, ratio in enumerate((1.0, _DOG_RATIO)):
        weight = float(np.exp(-((distance / ratio) ** 2) / 2))
        sums[index] += np.float32(weight) * values
        weights[index] += weight


def _thresholds(
    ridges: _Ridges, flow: Flow, masks: Masks, parameters: StyleParameters, scale: float
) -> tuple[Array, Array]:
    """Darkness a line needs at every pixel, and how crowded the ridges are there."""
    raised = 1 - 0.15 * masks.skin + 0.4 * masks.sky + 1.6 * masks.clutter
    threshold = parameters.ink_threshold * (raised + 0.5 * masks.small_face)
    strong = ridges.found & (ridges.darkness > threshold)
    crowd = gaussian(strong.astype(np.float32), 6 * scale)
    aimless = smoothstep(crowd, 0.10, 0.24) * (1 - smoothstep(flow.anisotropy, 0.5, 0.9))
    return threshold * (1 + 1.2 * aimless), crowd


def _stroke_strength(ridges: _Ridges, threshold: Array, walk: list[Array], scale: float) -> Array:
    """Strength of every ridge point: hysteresis, no crumbs, tapering ends."""
    relative = ridges.darkness / threshold
    low = (ridges.found & (relative > 0.6)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(low, connectivity=8)
    extent = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(-1)
    peak = np.zeros(count, np.float32)
    inked = low > 0
    np.maximum.at(peak, np.asarray(labels, np.intp)[inked], relative[inked])
    long_enough = smoothstep(extent.astype(np.float32), 4 * scale, 12 * scale)
    worth = smoothstep(peak, 1.0, 1.5) * long_enough
    strength = (0.30 + 0.70 * smoothstep(relative, 0.6, 2.4)) * worth[labels] * low
    pair = np.dstack([strength, low]).astype(np.float32)
    along, density = np.moveaxis(blur_along(pair, walk, 2 * scale), -1, 0)
    even = np.minimum(strength, along / np.maximum(density, 0.25))
    return np.where(inked, even * smoothstep(density, 0.05, 0.45), np.float32(0))


def _draw_strokes(strength: Array, width: Array, offset: Array, flow: Flow) -> Array:
    """Draw a short anti-aliased segment at every ridge point; the darkest one wins."""
    h, w = strength.shape
    y, x = np.nonzero(strength > 0)
    line = np.zeros_like(strength)
    if y.size == 0:
        return line
    point_strength, point_width = strength[y, x], width[y, x]
    tangent_x, tangent_y = flow.tangent[y, x].T
    shift = offset[y, x]
    opacity = point_strength * np.minimum(point_width, 1)
    reach = int(np.ceil(float(point_width.max()) / 2 + 0.5))
    for step_y in range(-reach, reach + 1):
        for step_x in range(-reach, reach + 1):
            to_y, to_x = y + step_y, x + step_x
            inside = (to_y >= 0) & (to_y < h) & (to_x >= 0) & (to_x < w)
            # The flow is a unit vector, so the ridge's own offset only counts across it.
            across = np.abs(step_y * tangent_x - step_x * tangent_y - shift)
            along = np.abs(step_x * tangent_x + step_y * tangent_y)
            cover = np.clip(point_width / 2 + 0.5 - across, 0, 1) * np.clip(1.6 - along, 0, 1)
            value = np.minimum(point_strength * cover, opacity)[inside]
            target = (to_y[inside], to_x[inside])
            line[target] = np.maximum(line[target], value)
    return np.clip(line, 0, 1)
