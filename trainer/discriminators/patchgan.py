"""PatchGAN of 70 pixels, the critic of CycleGAN and PixelCycleGAN."""

from __future__ import annotations

from torch import Tensor, nn

from livecartoon.models.convs import leaky
from livecartoon.models.norms import InstanceNorm


class PatchGAN(nn.Module):
    """Three strided layers: with four it would judge 94 pixels."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(nn.Conv2d(3, w, 4, 2, 1), leaky())
        for inputs, outputs, stride in ((w, 2 * w, 2), (2 * w, 4 * w, 2), (4 * w, 8 * w, 1)):
            conv = nn.Conv2d(inputs, outputs, 4, stride, 1)
            self.body.extend((conv, InstanceNorm(outputs, affine=False), leaky()))
        self.body.append(nn.Conv2d(8 * w, 1, 4, 1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, logits (N, 1, H/8 - 2, W/8 - 2) out."""
        logits: Tensor = self.body(picture)
        return logits
