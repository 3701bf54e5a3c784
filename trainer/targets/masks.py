"""Where a picture shows skin, sky, clutter and faces: each is drawn by its own rules."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import skimage.data
from skimage.feature import Cascade

from trainer.targets.colour import chroma_and_hue
from trainer.targets.filters import guided_filter
from trainer.targets.flow import find_flow
from trainer.targets.planes import (
    Array,
    gaussian,
    luminance,
    pixels,
    relative_scale,
    smoothstep,
    sobel_magnitude,
)

_SMALLEST_SKY = 0.04  # share of the picture; smaller ones are windows and white shirts
_SKY_CANDIDATE = 0.4
_FACE_LINES = 400  # the cascade looks at a picture of this height: finer finds false faces
_FACE_MIN_SIZE = 20
_BOX_KEYS = ("c", "r", "width", "height")
_FACE_MIN_SKIN = 0.12  # share of skin in the box's core; lower is a false alarm


@dataclass(frozen=True, slots=True)
class Masks:
    """Soft (H, W) masks in 0..1. `small_face` holds faces too small to be redrawn."""

    skin: Array
    sky: Array
    clutter: Array
    face: Array
    small_face: Array


def find_masks(photo: Array, lab: Array) -> Masks:
    """All masks of a cleaned RGB photo and its OKLab version."""
    scale = relative_scale(photo)
    light = luminance(photo)
    chroma, hue = chroma_and_hue(lab)
    skin = _find_skin(lab[..., 0], chroma, hue, light)
    face, small_face = _draw_faces(_find_faces(photo, skin), skin)
    return Masks(
        skin=skin,
        sky=_find_sky(lab, chroma, light),
        clutter=_find_clutter(light, chroma, hue, scale) * (1 - face),
        face=face,
        small_face=small_face,
    )


def _find_skin(lightness: Array, chroma: Array, hue: Array, light: Array) -> Array:
    """Skin by hue, chroma, lightness and calm; colour alone also takes warm-lit walls."""
    scale = relative_scale(lightness)
    edges = np.abs(cv2.Laplacian(gaussian(light, 1.0), cv2.CV_32F))
    texture = gaussian(edges, 3 * scale)
    skin: Array = smoothstep(hue, 20, 34) * (1 - smoothstep(hue, 66, 80))
    skin = skin * smoothstep(chroma, 0.025, 0.05) * (1 - smoothstep(chroma, 0.13, 0.17))
    skin = skin * smoothstep(lightness, 0.35, 0.5) * (1 - smoothstep(texture, 0.012, 0.03))
    skin = guided_filter(gaussian(skin, 2 * scale), lightness, pixels(6, scale), 1e-3)
    return np.clip(skin, 0, 1)


def _find_sky(lab: Array, chroma: Array, light: Array) -> Array:
    """Blue or pale, smooth, and connected to the top border."""
    scale = relative_scale(lab)
    lightness = lab[..., 0]
    blue = smoothstep(-lab[..., 2], 0.012, 0.05) * smoothstep(lightness, 0.30, 0.5)
    pale = smoothstep(lightness, 0.74, 0.88) * (1 - smoothstep(chroma, 0.05, 0.09))
    slope = gaussian(sobel_magnitude(gaussian(light, 1.0)), 2 * scale)
    candidate = (np.maximum(blue, pale) > _SKY_CANDIDATE) & (slope < 0.16)
    _, labels = cv2.connectedComponents(candidate.astype(np.uint8), connectivity=4)
    top = np.unique(labels[:2])
    sky = np.isin(labels, top[top > 0])
    if sky.mean() < _SMALLEST_SKY:
        return np.zeros_like(lightness)
    closed = cv2.morphologyEx(sky.astype(np.float32), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    soft = guided_filter(np.asarray(closed, np.float32), lightness, pixels(8, scale), 1e-3)
    return np.clip(soft, 0, 1)


def _find_clutter(light: Array, chroma: Array, hue: Array, scale: float) -> Array:
    """Dense texture without a common direction: leaves and gravel, but not facades."""
    flow = find_flow(light, 5 * scale, denoise_sigma=0.6)
    busy = gaussian(np.minimum(flow.gradient, 0.08), 5 * scale)
    clutter = smoothstep(busy, 0.010, 0.028) * (1 - smoothstep(flow.anisotropy, 0.28, 0.60))
    green: Array = smoothstep(hue, 85, 105) * (1 - smoothstep(hue, 165, 190))
    green = gaussian(green * smoothstep(chroma, 0.015, 0.04), 5 * scale)
    return np.clip(gaussian(clutter, 2 * scale) * (0.55 + 0.75 * green), 0, 1)


@lru_cache(maxsize=1)
def _face_cascade() -> Cascade:
    path = skimage.data.lbp_frontal_face_cascade_filename()  # type: ignore[no-untyped-call]  # no stubs
    return Cascade(path)


def _find_faces(photo: Array, skin: Array) -> list[tuple[float, float, float, float]]:
    """Face boxes (x, y, width, height) with enough skin; looked for only where skin is."""
    rows, columns = np.nonzero(skin.max(1) > 0.3)[0], np.nonzero(skin.max(0) > 0.3)[0]
    if rows.size == 0:
        return []
    h, w = skin.shape
    # A face reaches beyond its skin: hair above, and the cascade wants some border.
    margin = min(h, w) // 6
    top, bottom = max(rows[0] - margin, 0), min(rows[-1] + margin, h)
    left, right = max(columns[0] - margin, 0), min(columns[-1] + margin, w)
    shrink = min(1.0, _FACE_LINES / min(h, w))
    shape = (max(1, round((right - left) * shrink)), max(1, round((bottom - top) * shrink)))
    crop = cv2.resize(photo[top:bottom, left:right], shape, interpolation=cv2.INTER_AREA)
    if min(crop.shape[:2]) <= _FACE_MIN_SIZE:
        return []
    found = _face_cascade().detect_multi_scale(
        (np.clip(crop, 0, 1) * 255).astype(np.uint8),
        scale_factor=1.2,
        step_ratio=1.3,
        min_size=(_FACE_MIN_SIZE, _FACE_MIN_SIZE),
        max_size=(int(min(crop.shape[:2]) * 0.95),) * 2,
        min_neighbor_number=3,
    )
    boxes = []
    for hit in found:
        # float(): a NumPy float64 scalar would turn every mask into float64.
        column, row, width, height = (float(hit[key]) / shrink for key in _BOX_KEYS)
        boxes.append((column + float(left), row + float(top), width, height))
    return [box for box in boxes if _core_skin(box, skin) >= _FACE_MIN_SKIN]


def _core_skin(box: tuple[float, float, float, float], skin: Array) -> float:
    x, y, width, height = box
    rows = slice(max(int(y + 0.2 * height), 0), int(y + 0.8 * height) + 1)
    columns = slice(max(int(x + 0.2 * width), 0), int(x + 0.8 * width) + 1)
    return float(skin[rows, columns].mean())


def _draw_faces(boxes: list[tuple[float, float, float, float]], skin: Array) -> tuple[Array, Array]:
    """Soft ellipses round the boxes, and the same weighted by how small the face is."""
    h, w = skin.shape
    face, small_face = np.zeros_like(skin), np.zeros_like(skin)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    for left, top, width, height in boxes:
        across = (x - left - width / 2) / (0.50 * width)
        down = (y - top - 0.52 * height) / (0.60 * height)
        ellipse = 1 - smoothstep(np.hypot(across, down), 0.75, 1.1)
        smallness = 1 - smoothstep(np.array(width / min(h, w), np.float32), 0.14, 0.30)
        face = np.maximum(face, ellipse)
        small_face = np.maximum(small_face, ellipse * smallness)
    return face, small_face
