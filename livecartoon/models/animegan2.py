"""AnimeGANv2 (Chen et al., 2020): layer norms and inverted residuals, one encoder-decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Conv, InvertedResidual, Layers, PadSide, double_size
from livecartoon.models.generator import Generator
from livecartoon.models.norms import LayerNorm


@dataclass(frozen=True, slots=True)
class AnimeGAN2Config:
    """Width and depth; the paper's by default."""

    width: int = 32
    """Channels at full size; up to 8 times as many inside."""
    blocks: int = 4
    """Inverted residuals, the first of which doubles the channels."""
    pad_s2: PadSide = "after"
    align_corners: bool = False
    """True comes closest to weights that were trained with the first TensorFlow."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1:
            raise ValueError(f"width {self.width} and blocks {self.blocks} start at 1")


class AnimeGAN2(Generator):
    """Stride-2 convolutions are padded right and below only, as its weights expect."""

    config_type = AnimeGAN2Config

    def __init__(self, config: AnimeGAN2Config | None = None) -> None:
        super().__init__()
        self.config = config = config or AnimeGAN2Config()
        w = config.width
        layers = Layers(LayerNorm, side=config.pad_s2)
        self.encoder = nn.Sequential(
            layers.block(3, w, 7),
            layers.block(w, 2 * w, stride=2),
            layers.block(2 * w, 2 * w),
            layers.block(2 * w, 4 * w, stride=2),
            layers.block(4 * w, 4 * w),
        )
        self.decoder = anime_decoder(layers, w, config.blocks, config.align_corners)

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        cartoon: Tensor = torch.tanh(self.decoder(self.encoder(photo)))
        return cartoon


def anime_decoder(
    layers: Layers, width: int, blocks: int, align_corners: bool = False
) -> nn.Sequential:
    """From 4 * width channels at a quarter of the size to a picture before its tanh."""
    w = width
    body = [InvertedResidual(layers, 4 * w, 8 * w)]
    body += [InvertedResidual(layers, 8 * w, 8 * w) for _ in range(blocks - 1)]
    return nn.Sequential(
        layers.block(4 * w, 4 * w),
        *body,
        layers.block(8 * w, 4 * w),
        double_size(align_corners),
        layers.block(4 * w, 4 * w),
        layers.block(4 * w, 4 * w),
        double_size(align_corners),
        layers.block(4 * w, 2 * w),
        layers.block(2 * w, 2 * w),
        layers.block(2 * w, w, 7),
        Conv(w, 3, 1, bias=False),
    )
