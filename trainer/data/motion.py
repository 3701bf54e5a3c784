"""Small camera movements of still pictures: the student's answer must move along."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

BORDER = 12
"""Pixels at the rim that a movement may uncover; not compared."""


def random_motion(count: int, side: int, rng: np.random.Generator) -> Tensor:
    """Affine matrices (N, 2, 3) for `move`: shifts to 4 px, turns to 1 degree, zooms to 2 %.

    Half of them are pure shifts by fractions of a pixel, the motion that makes a stride-4
    network shimmer most.
    """
    matrices = np.zeros((count, 2, 3), np.float32)
    for matrix in matrices:
        is_shift = rng.random() < 0.5
        angle = 0.0 if is_shift else math.radians(rng.uniform(-1, 1))
        zoom = 1.0 if is_shift else 1 + rng.uniform(-0.02, 0.02)
        cos, sin = zoom * math.cos(angle), zoom * math.sin(angle)
        shift = rng.uniform(-4, 4, 2) * 2 / side
        matrix[:] = [[cos, -sin, shift[0]], [sin, cos, shift[1]]]
    return torch.from_numpy(matrices)


def move(picture: Tensor, motion: Tensor) -> Tensor:
    """Resample (N, H, W, C) bicubically by affine `motion`, edges repeated."""
    planes = picture.permute(0, 3, 1, 2)
    grid = F.affine_grid(motion, list(planes.shape), align_corners=False)
    moved = F.grid_sample(planes, grid, mode="bicubic", padding_mode="border", align_corners=False)
    return moved.permute(0, 2, 3, 1)


def inside(picture: Tensor) -> Tensor:
    """Cut the uncovered rim off (N, H, W, C)."""
    return picture[:, BORDER:-BORDER, BORDER:-BORDER]
