"""Guided filter (He, Sun and Tang, 2010): smooth a picture, keep the edges of another."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def guided_filter(guide: Tensor, picture: Tensor, radius: int, eps: float) -> Tensor:
    """Smooth `picture` (N, C, H, W) along `guide` of the same shape, channel by channel.

    `eps` is in squared units of the guide's range.
    """
    slope, offset = guided_map(guide, picture, radius, eps)
    return (slope * guide.float() + offset).to(picture.dtype)


def guided_map(guide: Tensor, picture: Tensor, radius: int, eps: float) -> tuple[Tensor, Tensor]:
    """Slope and offset that make `picture` of `guide`, (N, C, H, W) float32 each.

    Always in float32, because the variance is a difference of two means; box means divide by
    the pixels that are really there.
    """
    x, y = guide.float(), picture.float()

    def box(values: Tensor) -> Tensor:
        side = 2 * radius + 1
        return F.avg_pool2d(values, side, 1, radius, count_include_pad=False)

    mean_x, mean_y = box(x), box(y)
    slope = (box(x * y) - mean_x * mean_y) / (box(x * x) - mean_x * mean_x + eps)
    return box(slope), box(mean_y - slope * mean_x)
