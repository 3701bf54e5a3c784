"""Drawn clips for anti-flicker: noise-free truth, exact motion, and the noisy frames cameras see.

Everything comes from seeds. Motion is defined per second, so the same clip exists at any rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

Floats: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]
Affine: TypeAlias = NDArray[np.float64]

_WORLD = (1500, 900)
_PATCH = 240
"""Side of the moving object's own picture."""
_MARGIN = 2
"""Pixels beside a layer's edge, or the frame's, that no metric looks at."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame with everything that is known about it."""

    source: Pixels
    """What the camera gives, (H, W, 3) RGB."""
    clean: Pixels
    """The same without noise."""
    seconds: float
    flow: Floats | None
    """(H, W, 2): where each pixel was in the previous frame, relative; None after a cut."""
    tracked: Mask | None
    """(H, W): visible in both frames and away from edges of layers."""
    uncovered: Mask | None
    """(H, W): background hidden by the object within the last six frames."""
    is_event: bool
    """A cut, or either side of a flash: to be shown exactly as drawn."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a clip shows. Functions of t, in units of 1/30 s."""

    noise: float
    """Standard deviation of the sensor noise, levels at mid grey."""
    camera: Callable[[float], tuple[float, float, float]] = lambda t: (400.0, 250.0, 1.0)
    """World x, y of the frame's corner, and world pixels per frame pixel."""
    path: Callable[[float], tuple[float, float, float]] | None = None
    """Centre x, y (in a frame of 360 rows) and angle of the object."""
    contrast: float = 1.0
    """Below 1 the object is a slightly different shade of what is behind it."""
    light: Callable[[float], float] = lambda t: 1.0
    change: str = ""
    """"dissolve", "flash" or "cut" half-way."""
    is_coded: bool = False
    """Through a block codec with a better picture every 12 frames."""


def _slow(t: float) -> tuple[float, float, float]:
    return 240 + 1.3 * t, 190 + 3 * math.sin(0.15 * t), 0.004 * t


CASES: dict[str, Case] = {
    "static": Case(4.0),
    "codec": Case(3.0, is_coded=True),
    "handheld": Case(
        2.5,
        lambda t: (
            400 + 1.6 * math.sin(0.41 * t) + 0.9 * math.sin(1.13 * t),
            250 + 1.1 * math.sin(0.53 * t + 1),
            1.0,
        ),
    ),
    "pan": Case(2.5, lambda t: (300 + 2.3 * t, 200 + 0.6 * t, 1 - 0.0006 * t)),
    "fg_fast": Case(3.0, path=lambda t: (90 + 9.3 * t, 190 + 12 * math.sin(0.2 * t), 0.02 * t)),
    "fg_slow": Case(3.0, path=_slow),
    "fg_faint": Case(3.0, path=_slow, contrast=0.12),
    "faint_clean": Case(0.7, path=_slow, contrast=0.12),
    "exposure": Case(
        3.0,
        light=lambda t: 1 + 0.18 * math.sin(2 * math.pi * 0.9 * t / 30) + 0.012 * math.sin(2.1 * t),
    ),
    "dissolve": Case(3.0, change="dissolve"),
    "flash": Case(3.0, change="flash"),
    "cut": Case(3.0, change="cut"),
}


@dataclass(frozen=True, slots=True)
class _Drawn:
    clean: Floats
    layer: NDArray[np.uint8]
    maps: tuple[Affine, ...]
    """3x3, frame -> texture, one per layer."""


def shots(
    name: str, count: int, width: int = 640, height: int = 360, fps: float = 30.0
) -> Iterator[Shot]:
    """Draw `count` frames of CASES[name]."""
    case = CASES[name]
    rng = np.random.default_rng([11, list(CASES).index(name)])
    before: _Drawn | None = None
    layers: list[NDArray[np.uint8]] = []
    for index in range(count):
        seconds = index / fps
        drawn, is_event = _draw(case, index, count, seconds, (width, height))
        noisy = add_grain(rng, drawn.clean, case.noise)
        if case.is_coded:
            noisy = through_codec(noisy, quality=88 if index % 12 == 0 else 62)
        is_other_world = is_event and case.change == "cut"
        flow, tracked = (None, None) if before is None or is_other_world else _motion(drawn, before)
        yield Shot(
            source=noisy,
            clean=_to_pixels(drawn.clean),
            seconds=seconds,
            flow=flow,
            tracked=tracked,
            uncovered=_uncovered(drawn.layer, layers[-6:]) if layers else None,
            is_event=is_event,
        )
        before = drawn
        layers.append(drawn.layer)


def _draw(
    case: Case, index: int, count: int, seconds: float, size: tuple[int, int]
) -> tuple[_Drawn, bool]:
    t = seconds * 30
    middle = count // 2
    if case.change == "cut" and index >= middle:
        return _compose(23, (500.0, 300.0, 1.0), None, 1.0, size), index == middle
    path = None if case.path is None else case.path(t)
    drawn = _compose(11, case.camera(t), path, case.contrast, size)
    clean = drawn.clean * np.float32(case.light(t))
    is_event = False
    if case.change == "dissolve":
        part = np.float32(min(max((seconds - 0.4) / 1.2, 0.0), 1.0))
        clean = clean * (1 - part) + part * _compose(23, case.camera(t), None, 1.0, size).clean
    elif case.change == "flash":
        if index in (middle, middle + 1):
            clean = clean * np.float32(1.25) + 60
        is_event = index in (middle, middle + 2)
    return _Drawn(np.clip(clean, 0, 255), drawn.layer, drawn.maps), is_event


def _compose(
    seed: int,
    camera: tuple[float, float, float],
    path: tuple[float, float, float] | None,
    contrast: float,
    size: tuple[int, int],
) -> _Drawn:
    """Look through the camera at world `seed`, with the object in front."""
    left, top, zoom = camera
    to_world = np.array([[zoom, 0, left], [0, zoom, top], [0, 0, 1]])
    picture = _sample(_texture(seed, *_WORLD), to_world, size)
    if path is None:
        return _Drawn(picture, np.zeros(size[::-1], np.uint8), (to_world,))
    to_patch = _object_map(path, size[1] / 360)
    patch = _sample(_texture(seed + 77, _PATCH, _PATCH), to_patch, size)
    cover = _sample(_blob(), to_patch, size, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)[..., None]
    if contrast < 1:
        patch = picture + np.float32(contrast) * (patch - patch.mean((0, 1)))
    picture += cover * (patch - picture)
    return _Drawn(picture, (cover[..., 0] > 0.5).astype(np.uint8), (to_world, to_patch))


def _object_map(path: tuple[float, float, float], scale: float) -> Affine:
    """Frame -> patch; the object is `scale` of its size at 640x360, its speed is in pixels."""
    x, y, angle = path
    c, s = math.cos(angle) / scale, math.sin(angle) / scale
    x, y = x - 240 * (1 - scale), y - 190 * (1 - scale)
    half = _PATCH / 2
    return np.array([[c, s, half - c * x - s * y], [-s, c, half + s * x - c * y], [0, 0, 1]])


def _sample(
    texture: Floats,
    frame_to_texture: Affine,
    size: tuple[int, int],
    interpolation: int = cv2.INTER_CUBIC,
    border: int = cv2.BORDER_REFLECT,
) -> Floats:
    flags = interpolation | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(texture, frame_to_texture[:2], size, flags=flags, borderMode=border)
    return np.asarray(picture, dtype=np.float32)


@cache
def _blob() -> Floats:
    cover = np.zeros((_PATCH, _PATCH), np.float32)
    cv2.ellipse(cover, (_PATCH // 2, _PATCH // 2), (62, 84), 0, 0, 360, (1.0,), -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.8), dtype=np.float32)


@cache
def _texture(seed: int, width: int, height: int) -> Floats:
    """A busy, band-limited picture: slopes, soft noise, flat shapes, thin lines, stripes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope_y, slope_x = rng.uniform(-1, 1, (2, 3))
    picture = rng.uniform(70, 170, 3) + (40 * slope_y) * (y / height - 0.5)[..., None]
    picture = (picture + (30 * slope_x) * (x / width - 0.5)[..., None]).astype(np.float32)
    for cell, amplitude in ((160, 24), (60, 15), (18, 7)):
        grid = (height // cell + 2, width // cell + 2, 3)
        soft = rng.standard_normal(grid, np.float32)
        soft = 0.8 * soft[..., :1] + 0.45 * soft
        picture += amplitude * cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(width * height // 4000):
        _draw_shape(rng, picture)
    stripes = picture[height // 2 : height // 2 + 90, width // 3 : width // 3 + 150]
    stripes += 28 * np.sign(np.sin(x[0, : stripes.shape[1]] / 3.1))[:, None]
    blurred: Floats = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), dtype=np.float32)
    return np.clip(blurred, 0, 255)


def _draw_shape(rng: np.random.Generator, picture: Floats) -> None:
    height, width = picture.shape[:2]
    colour: Any = tuple(float(v) for v in rng.uniform(20, 235, 3))
    x, y = int(rng.integers(width)), int(rng.integers(height))
    kind = rng.integers(3)
    if kind == 0:
        cv2.circle(picture, (x, y), int(rng.integers(6, 42)), colour, -1, cv2.LINE_AA)
    elif kind == 1:
        sides = float(rng.integers(10, 90)), float(rng.integers(10, 60))
        corners = cv2.boxPoints(((x, y), sides, float(rng.uniform(0, 90)))).astype(np.int32)
        cv2.fillConvexPoly(picture, corners, colour, cv2.LINE_AA)
    else:
        end = x + int(rng.integers(-90, 90)), y + int(rng.integers(-90, 90))
        cv2.line(picture, (x, y), end, colour, int(rng.integers(1, 4)), cv2.LINE_AA)


def add_grain(rng: np.random.Generator, clean: Floats, noise: float) -> Pixels:
    """More noise in the light, mostly in luma, correlated as demosaicing leaves it."""
    grain = cv2.GaussianBlur(rng.standard_normal(clean.shape, np.float32), (0, 0), 0.55)
    grain = 0.45 * grain / grain.std() + 0.89 * math.sqrt(3) * (
        grain.mean(2, keepdims=True) / grain.std()
    )
    return _to_pixels(clean + noise * np.sqrt(0.5 + clean / 256) * (grain / grain.std()))


def through_codec(picture: Pixels, quality: int) -> Pixels:
    """Return the picture as JPEG of that quality leaves it."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def _motion(now: _Drawn, before: _Drawn) -> tuple[Floats, Mask]:
    """Exact backward flow, and the pixels it may be trusted at."""
    height, width = now.layer.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    flow = np.zeros((height, width, 2), np.float32)
    for layer, (to_texture, was) in enumerate(zip(now.maps, before.maps, strict=True)):
        move = (np.linalg.inv(was) @ to_texture).astype(np.float32) - np.eye(3, dtype=np.float32)
        here = now.layer == layer
        flow[here] = (move[:2] @ np.stack([x[here], y[here], np.ones_like(x[here])])).T
    from_x, from_y = x + flow[..., 0], y + flow[..., 1]
    edges = [_near_edge(drawn.layer) for drawn in (now, before)]
    was_layer, was_edge = (
        cv2.remap(values, from_x, from_y, cv2.INTER_NEAREST) for values in (before.layer, edges[1])
    )
    inside = (from_x > _MARGIN) & (from_y > _MARGIN)
    inside &= (from_x < width - 1 - _MARGIN) & (from_y < height - 1 - _MARGIN)
    return flow, inside & (was_layer == now.layer) & (edges[0] == 0) & (was_edge == 0)


def _near_edge(layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
    kernel = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), np.uint8)
    return np.asarray(cv2.morphologyEx(layer, cv2.MORPH_GRADIENT, kernel), dtype=np.uint8)


def _uncovered(layer: NDArray[np.uint8], past: list[NDArray[np.uint8]]) -> Mask:
    near_object = cv2.dilate(layer, np.ones((9, 9), np.uint8))
    hidden: Mask = np.logical_or.reduce(past)
    return np.asarray(hidden & (near_object == 0), dtype=np.bool_)


def _to_pixels(picture: Floats) -> Pixels:
    return np.asarray(np.clip(picture + 0.5, 0, 255), dtype=np.uint8)
