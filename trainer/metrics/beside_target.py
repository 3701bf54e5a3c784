"""A finished student beside its designed target: how sharp, and how steady without a filter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.student import Student
from trainer.data.motion import inside, move
from trainer.data.pairs import Floats, Pair, to_floats
from trainer.finished import finished
from trainer.metrics.gates import sharpness
from trainer.targets.parameters import FillParameters, StyleParameters
from trainer.targets.pipeline import Fills, draw_target, inked, make_fills

NOISE = 0.02
"""Deviation of the sensor noise on each of the two draws, of 1."""
SHIFT = (0.6, 1.4)
"""Pixels right and down between the two draws: neither whole nor half."""
Draws = tuple[Floats, Floats]


def finished_sharpness(
    student: Student, ink: InkStyle, pairs: Sequence[Pair], parameters: StyleParameters
) -> float:
    """Mean slope ratio of the finished picture, lines included, to the inked target."""
    ratios = []
    for pair in pairs:
        height, width = (side // 8 * 8 for side in pair.line.shape)
        photo = pair.photo[:height, :width]
        graded, line = to_floats(pair.target[:height, :width]), to_floats(pair.line)
        drawn = to_floats(finished(student, ink, photo))
        target = inked(graded, line[:height, :width], parameters)
        ratios.append(sharpness(drawn) / sharpness(target))
    return float(np.mean(ratios))


def noisy_draws(photo: Floats, seed: int) -> Draws:
    """Two frames of a still scene: each with its own noise, the second moved by `SHIFT`."""
    rng = np.random.default_rng(seed)
    moved = moved_by_shift(photo)
    first, second = (
        np.clip(one + rng.normal(0, NOISE, one.shape), 0, 1).astype(np.float32)
        for one in (photo, moved)
    )
    return first, second


def moved_by_shift(picture: Floats) -> Floats:
    """Resample (H, W, 3) by `SHIFT`."""
    height, width = picture.shape[:2]
    x, y = (2 * shift / side for shift, side in zip(SHIFT, (width, height), strict=True))
    motion = torch.tensor([[[1.0, 0.0, x], [0.0, 1.0, y]]])
    return np.asarray(move(torch.from_numpy(picture)[None], motion)[0].numpy(), np.float32)


def warp_error(first: Floats, second: Floats) -> float:
    """Mean squared difference of the second drawing and the first one moved along."""
    along = torch.from_numpy(moved_by_shift(first))[None]
    return float((inside(along) - inside(torch.from_numpy(second)[None])).square().mean())


def target_draws(
    draws: Draws, parameters: StyleParameters, known: dict[FillParameters, tuple[Fills, Fills]]
) -> Draws:
    """The designed targets of both draws before ink; `known` keeps fills for further styles."""
    if parameters.fills not in known:
        first, second = (make_fills(draw, parameters.fills) for draw in draws)
        known[parameters.fills] = (first, second)
    before, after = known[parameters.fills]
    return draw_target(before, parameters).graded, draw_target(after, parameters).graded
