"""The two light generators of AnimeGANv2: 2020's, and the later U-Net, which we ship."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Conv, Layers, PadSide, double_size
from livecartoon.models.generator import Generator
from livecartoon.models.norms import LayerNorm


@dataclass(frozen=True, slots=True)
class AnimeGAN2LiteConfig:
    """Width and depth; the published ones by default."""

    width: int = 32
    blocks: int = 4
    pad_s2: PadSide = "after"

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0:
            raise ValueError(f"width {self.width} or blocks {self.blocks} is too small")


class AnimeGAN2Lite(Generator):
    """U-Net down to an eighth of the size, with sums for skips."""

    config_type = AnimeGAN2LiteConfig
    multiple = 8

    def __init__(self, config: AnimeGAN2LiteConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or AnimeGAN2LiteConfig()
        w = config.width
        layers = Layers(LayerNorm, side=config.pad_s2)
        self.stem = layers.block(3, w, 7)
        self.down1 = _down(layers, w, w, 2 * w)
        self.down2 = _down(layers, 2 * w, 2 * w, 4 * w)
        self.down3 = nn.Sequential(
            *_down(layers, 4 * w, 2 * w, 4 * w),
            *(Bottleneck(layers, 4 * w, w) for _ in range(config.blocks)),
        )
        self.up3 = nn.Sequential(double_size(), layers.block(4 * w, 4 * w))
        self.mix2 = layers.block(4 * w, 2 * w)
        self.up2 = nn.Sequential(double_size(), layers.block(2 * w, 2 * w))
        self.mix1 = layers.block(2 * w, w)
        self.up1 = nn.Sequential(double_size(), layers.block(w, w))
        self.out = nn.Sequential(layers.block(w, w, 7), Conv(w, 3, 1, bias=False))

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 8."""
        full = self.stem(photo)
        half = self.down1(full)
        quarter = self.down2(half)
        deep = self.mix2(self.up3(self.down3(quarter)) + quarter)
        deep = self.mix1(self.up2(deep) + half)
        return torch.tanh(self.out(self.up1(deep) + full))


class AnimeGAN2Early(Generator):
    """The light generator of 2020: encoder-decoder, bottlenecks at a quarter of the size."""

    config_type = AnimeGAN2LiteConfig

    def __init__(self, config: AnimeGAN2LiteConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or AnimeGAN2LiteConfig()
        w = config.width
        layers = Layers(LayerNorm, side=config.pad_s2)
        self.body = nn.Sequential(
            layers.block(3, w, 7),
            *_down(layers, w, w, w),
            *_down(layers, w, 2 * w, 2 * w),
            layers.block(2 * w, 2 * w),
            *(Bottleneck(layers, 2 * w, 4 * w) for _ in range(config.blocks)),
            double_size(),
            *(layers.block(2 * w, 2 * w) for _ in range(3)),
            double_size(),
            layers.block(2 * w, w),
            layers.block(w, w),
            layers.block(w, w, 7),
            Conv(w, 3, 1, bias=False),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        return torch.tanh(self.body(photo))


class Bottleneck(nn.Module):
    """1x1, 3x3, and a linear 1x1 without norm, added to the input."""

    def __init__(self, layers: Layers, channels: int, hidden: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            layers.block(channels, hidden, 1),
            layers.block(hidden, hidden),
            layers.conv(hidden, channels, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        change: Tensor = self.body(features)
        return features + change


def _down(layers: Layers, inputs: int, strided: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(layers.block(inputs, strided, stride=2), layers.block(strided, outputs))
