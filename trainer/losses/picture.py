"""Losses between pictures, float32 NHWC in 0..1, of their difference, the error."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from trainer.losses.loops import Weights, loss_and_slope

SPARSE_KNEE = 3 / 255
"""Difference of two neighbours' steps from which an error counts as an edge, not as grain."""


def forward_differences(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical neighbour differences of (N, H, W, C)."""
    return picture[:, :, 1:] - picture[:, :, :-1], picture[:, 1:] - picture[:, :-1]


def gradient_loss(error: Tensor) -> Tensor:
    """Mean |forward difference|, both directions added: buys flat fills."""
    return torch.stack([steps.abs().mean() for steps in forward_differences(error)]).sum()


def sparse_gradient_loss(error: Tensor, knee: float = SPARSE_KNEE) -> Tensor:
    """Mean of d / (1 + d / knee), d = |forward difference|, directions added.

    As steep as `gradient_loss` for grain and nearly level for a misplaced edge: it spends
    the network's capacity on fills that are flat, not on edges that are half a pixel off.
    """
    sizes = [steps.abs() for steps in forward_differences(error)]
    return torch.stack([(size / (1 + size / knee)).mean() for size in sizes]).sum()


def quarter_size(picture: Tensor) -> Tensor:
    """4x4 means of (N, H, W, C), sides multiples of 4."""
    return F.avg_pool2d(picture.permute(0, 3, 1, 2), 4).permute(0, 2, 3, 1)


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
    error = picture - target
    small = quarter_size(error)
    weights = Weights(absolute, square, gradient, sparse, SPARSE_KNEE)
    whole = _looped if error.device.type == "cpu" else full_size_loss
    return whole(error, weights) + quarter * (small.abs().mean() + gradient_loss(small))


def full_size_loss(error: Tensor, weights: Weights) -> Tensor:
    """The weighted sum of what is compared at full size."""
    return (
        weights.absolute * error.abs().mean()
        + weights.square * (error**2).mean()
        + weights.gradient * gradient_loss(error)
        + weights.sparse * sparse_gradient_loss(error, weights.knee)
    )


def _looped(error: Tensor, weights: Weights) -> Tensor:
    loss: Tensor = _FullSize.apply(error, weights)  # type: ignore[no-untyped-call]  # torch's
    return loss


class _FullSize(torch.autograd.Function):
    """`full_size_loss` as one loop; a chain of calls is more work than a small student."""

    @staticmethod
    def forward(ctx: Any, error: Tensor, weights: Weights) -> Tensor:  # noqa: ANN401  torch's
        rows = error.detach().contiguous().flatten(2).numpy()
        slope = np.empty_like(rows)
        loss = loss_and_slope(rows, error.shape[3], weights, slope)
        ctx.save_for_backward(torch.from_numpy(slope).reshape(error.shape))
        return torch.tensor(loss, dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401  torch's
        (slope,) = ctx.saved_tensors
        return slope * outer[0], None
