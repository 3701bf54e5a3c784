"""What teaches the saliency network where the viewer looks."""

from __future__ import annotations

from torch import Tensor


def saliency_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean |difference| of maps (N, 1, H, W) in 0..1; the target is the photo's (eq. 10)."""
    return (predicted.float() - target.float()).abs().mean()
