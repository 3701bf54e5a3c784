"""Losses between pictures, float32 NHWC in 0..1."""

from __future__ import annotations

import torch
from torch import Tensor

SPARSE_KNEE = 3 / 255
"""Difference of two neighbours' steps from which an error counts as an edge, not as grain."""


def forward_differences(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical neighbour differences of (N, H, W, C)."""
    return picture[:, :, 1:] - picture[:, :, :-1], picture[:, 1:] - picture[:, :-1]


def gradient_loss(picture: Tensor, target: Tensor) -> Tensor:
    """Mean |difference of forward differences|, both directions added: buys flat fills."""
    pairs = zip(forward_differences(picture), forward_differences(target), strict=True)
    return torch.stack([(a - b).abs().mean() for a, b in pairs]).sum()


def sparse_gradient_loss(picture: Tensor, target: Tensor, knee: float = SPARSE_KNEE) -> Tensor:
    """Mean of e / (1 + e / knee), e = |difference of forward differences|, directions added.

    As steep as `gradient_loss` for grain and nearly level for a misplaced edge: it spends
    the network's capacity on fills that are flat, not on edges that are half a pixel off.
    """
    total = torch.zeros(())
    pairs = zip(forward_differences(picture), forward_differences(target), strict=True)
    for a, b in pairs:
        error = (a - b).abs()
        total = total + (error / (1 + error / knee)).mean()
    return total


def quarter_size(picture: Tensor) -> Tensor:
    """4x4 means of (N, H, W, C), sides multiples of 4."""
    n, h, w, c = picture.shape
    return picture.reshape(n, h // 4, 4, w // 4, 4, c).mean((2, 4))


def flat_loss(
    picture: Tensor,
    target: Tensor,
    *,
    absolute: float = 1.0,
    square: float = 0.0,
    gradient: float = 1.5,
    sparse: float = 0.0,
    quarter: float = 0.5,
) -> Tensor:
    """Distance of a student's flat picture from its target, a float32 scalar.

    L1 + MSE + gradient L1 at full size, and L1 + gradient L1 at a quarter of it, which
    steadies colours.
    """
    small, small_target = quarter_size(picture), quarter_size(target)
    return (
        absolute * (picture - target).abs().mean()
        + square * ((picture - target) ** 2).mean()
        + gradient * gradient_loss(picture, target)
        + sparse * sparse_gradient_loss(picture, target)
        + quarter * ((small - small_target).abs().mean() + gradient_loss(small, small_target))
    )
