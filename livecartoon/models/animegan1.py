"""AnimeGAN (Chen, Liu and Chen, ISICA 2019): depthwise convolutions and instance norms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.convs import Conv, InvertedResidual, Layers, PadSide, double_size
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceNorm


@dataclass(frozen=True, slots=True)
class AnimeGAN1Config:
    """Width and depth; the paper's by default."""

    width: int = 64
    blocks: int = 8
    pad_s2: PadSide = "after"

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0:
            raise ValueError(f"width {self.width} or blocks {self.blocks} is too small")


class AnimeGAN1(Generator):
    """Stride-2 convolutions are padded right and below only."""

    config_type = AnimeGAN1Config

    def __init__(self, config: AnimeGAN1Config | None = None) -> None:
        super().__init__()
        self.config = config = config or AnimeGAN1Config()
        w, blocks = config.width, config.blocks
        layers = Layers(InstanceNorm, side=config.pad_s2)
        self.encoder = nn.Sequential(
            layers.block(3, w),
            layers.block(w, w),
            Down(layers, w, 2 * w),
            layers.block(2 * w, 2 * w),
            separable(layers, 2 * w, 2 * w),
            Down(layers, 2 * w, 4 * w),
            layers.block(4 * w, 4 * w),
        )
        self.body = nn.Sequential(
            *(InvertedResidual(layers, 4 * w, 4 * w, depthwise_bias=False) for _ in range(blocks)),
            layers.block(4 * w, 4 * w),
        )
        self.decoder = nn.Sequential(
            double_size(),
            separable(layers, 4 * w, 2 * w),
            separable(layers, 2 * w, 2 * w),
            layers.block(2 * w, 2 * w),
            double_size(),
            separable(layers, 2 * w, 2 * w),
            layers.block(2 * w, w),
            layers.block(w, w),
            Conv(w, 3, 1, bias=False),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        cartoon: Tensor = torch.tanh(self.decoder(self.body(self.encoder(photo))))
        return cartoon


def separable(layers: Layers, inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Depthwise 3x3, then 1x1 with the only norm and activation."""
    depthwise = layers.conv(inputs, inputs, 3, stride, groups=inputs)
    return nn.Sequential(depthwise, *layers.block(inputs, outputs, 1))


class Down(nn.Module):
    """Half the size, as the sum of a strided convolution and one of the halved picture."""

    def __init__(self, layers: Layers, inputs: int, outputs: int) -> None:
        super().__init__()
        self.strided = separable(layers, inputs, outputs, stride=2)
        self.halved = separable(layers, inputs, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) in, (N, outputs, H/2, W/2) out."""
        smaller = F.interpolate(features, scale_factor=0.5, mode="bilinear", align_corners=False)
        summed: Tensor = self.strided(features) + self.halved(smaller)
        return summed
