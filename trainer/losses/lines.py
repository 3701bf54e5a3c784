"""What teaches a student where ink lines belong."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def line_loss(weight: Tensor, drawn: Tensor, wanted: Tensor) -> Tensor:
    """Mean |weight x strongest fixed line of a block - strongest stroke around it|.

    `weight` (N, 1, h, w) is the student's, `drawn` (N, 16, h, w) what the ink layer finds in
    its flat picture, `wanted` (N, H, W) the designed strokes, 0..1. The neighbourhood of one
    block forgives a line that is a pixel off; a line where no stroke is near loses its weight.
    """
    found = drawn.amax(1, keepdim=True).detach()
    strokes = F.max_pool2d(wanted[:, None], kernel_size=12, stride=4, padding=4)
    return (weight * found - strokes * (found > 0)).abs().mean()
