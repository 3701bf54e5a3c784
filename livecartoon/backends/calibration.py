"""Frames drawn to tell a quantiser how large the numbers inside a network become."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.blocks import BLOCK
from livecartoon.backends.selftest import checker, selftest_frames
from livecartoon.frame import Pixels

FRAMES = 105
"""The eight of the self-test, its checkerboard in the network's own blocks and 96 at random."""


def calibration_frames(width: int, height: int, count: int = FRAMES) -> Iterator[Pixels]:
    """Yield `count` fixed frames: textures, gradients, objects; dark, noisy, saturated, flat."""
    fixed = [frame for _, frame in selftest_frames(width, height)]
    # A frame that is reduced for the network brings it the same pattern as fine as that; numbers
    # beyond all that was seen are cut off, which cost 14 dB.
    fixed.append(checker(width, height, BLOCK))
    yield from fixed[:count]
    rng = np.random.default_rng(104)
    for number in range(count - len(fixed)):
        picture = _clouds(rng, width, height)
        _paint_objects(rng, picture)
        yield _photographed(rng, picture, MOODS[number % len(MOODS)])


MOODS = ("plain", "dark", "bright", "noisy", "saturated", "flat", "soft", "grey")


def _clouds(rng: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Sum octaves of smooth noise, amplitude halving with the cell: the spectrum of photos."""
    picture = np.tile(rng.uniform(60, 190, 3).astype(np.float32), (height, width, 1))
    cells, weight = 3, 70.0
    while cells < max(width, height) and weight > 3:
        grid = rng.normal(0, weight, (cells + 1, cells + 1, 3)).astype(np.float32)
        picture += _enlarged(grid, width, height)
        cells, weight = 2 * cells, 0.62 * weight
    return picture


def _enlarged(grid: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Enlarge bilinearly to (height, width)."""
    rows = np.linspace(0, grid.shape[0] - 1.001, height, dtype=np.float32)
    columns = np.linspace(0, grid.shape[1] - 1.001, width, dtype=np.float32)
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = grid[top] * (1 - down) + grid[top + 1] * down
    picture: NDArray[np.float32] = upper[:, left] * (1 - right) + upper[:, left + 1] * right
    return picture


def _paint_objects(rng: np.random.Generator, picture: NDArray[np.float32]) -> None:
    """Cover parts with boxes and discs of one colour, a third of them with stripes."""
    height, width, _ = picture.shape
    y, x = np.mgrid[:height, :width]
    for _ in range(rng.integers(3, 12)):
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        side = rng.uniform(0.03, 0.3) * max(width, height)
        far = (
            np.maximum(abs(x - cx), abs(y - cy)) if rng.random() < 0.5 else np.hypot(x - cx, y - cy)
        )
        colour = rng.uniform(0, 255, 3).astype(np.float32)
        inside = far < side / 2
        picture[inside] = colour
        if rng.random() < 0.33:
            picture[inside & ((x + y) // rng.integers(1, 9) % 2 == 0)] *= 0.5


def _photographed(rng: np.random.Generator, picture: NDArray[Any], mood: str) -> Pixels:
    """Expose and develop a picture as cameras do in that mood."""
    if mood == "dark":
        picture = picture * rng.uniform(0.03, 0.3)
    elif mood == "bright":
        picture = 255 - (255 - picture) * rng.uniform(0.1, 0.5)
    elif mood == "saturated":
        grey = picture.mean(2, keepdims=True)
        picture = grey + 3 * (picture - grey)
    elif mood == "flat":
        picture = picture.mean((0, 1)) + 0.08 * (picture - picture.mean((0, 1)))
    elif mood == "soft":
        picture = (picture + np.roll(picture, 2, 0) + np.roll(picture, 2, 1)) / 3
    elif mood == "grey":
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    sigma = rng.uniform(8, 30) if mood == "noisy" else rng.uniform(0, 3)
    noise = rng.standard_normal(picture.shape, np.float32) * np.float32(sigma)
    developed: Pixels = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return developed
