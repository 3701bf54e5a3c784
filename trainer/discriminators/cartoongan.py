"""Critic of CartoonGAN and of its saliency-guided follower."""

from __future__ import annotations

from torch import Tensor, nn

from livecartoon.models.convs import Conv, Layers
from livecartoon.models.norms import InstanceNorm


class CartoonGANDiscriminator(nn.Module):
    """Judges patches of 37 pixels.

    Instance norms, where batch norms would mix the statistics of real and fake pictures.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w = width
        layers = Layers(InstanceNorm, bias=True, pad="zeros")
        self.body = nn.Sequential(
            layers.conv(3, w),
            layers.activation(),
            layers.conv(w, 2 * w, stride=2),
            layers.activation(),
            layers.block(2 * w, 4 * w),
            layers.conv(4 * w, 4 * w, stride=2),
            layers.activation(),
            layers.block(4 * w, 8 * w),
            layers.block(8 * w, 8 * w),
            Conv(8 * w, 1, pad="zeros"),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, logits (N, 1, H/4, W/4) out."""
        logits: Tensor = self.body(picture)
        return logits
