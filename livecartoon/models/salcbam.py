"""Saliency-guided CartoonGAN (Zhang and Yu): a second network says what the viewer looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from livecartoon.models.cartoongan import (
    CartoonGANConfig,
    cartoongan_down,
    cartoongan_layers,
    cartoongan_up,
)
from livecartoon.models.cbam import CBAM
from livecartoon.models.convs import Layers, Residual, Upsampling, double_size
from livecartoon.models.generator import Generator


@dataclass(frozen=True, slots=True)
class SalCBAMConfig:
    """The paper's by default; `residual_saliency` and `cbam` are the switches of its table 1."""

    width: int = 64
    blocks: int = 8
    saliency_blocks: int = 4
    upsample: Upsampling = "resize"
    residual_saliency: bool = True
    """False: plain convolutions instead of residual blocks in the saliency network."""
    cbam: bool = True
    sal_detach: bool = False
    """True keeps the generator's gradients out of the saliency network."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0 or self.saliency_blocks < 0:
            raise ValueError(f"width {self.width} or a number of blocks is too small")

    @property
    def cartoongan(self) -> CartoonGANConfig:
        """Of the generator beside the saliency network."""
        return CartoonGANConfig(self.width, self.blocks, self.upsample)


class SaliencyFeatures(NamedTuple):
    """What the saliency network hands to the generator."""

    quarter: Tensor
    half: Tensor
    full: Tensor


class SaliencyNet(nn.Module):
    """Predicts the saliency of a photo; its last three stages help to draw it."""

    def __init__(self, config: SalCBAMConfig) -> None:
        super().__init__()
        w = config.width
        layers = cartoongan_layers(config.cartoongan)
        inside = Residual if config.residual_saliency else _plain
        self.encoder = nn.Sequential(
            layers.block(3, w, 7),
            layers.block(w, 2 * w, stride=2),
            layers.block(2 * w, 4 * w, stride=2),
            *(inside(layers, 4 * w) for _ in range(config.saliency_blocks)),
        )
        self.up1 = nn.Sequential(double_size(), layers.block(4 * w, 2 * w))
        self.up2 = nn.Sequential(double_size(), layers.block(2 * w, w))
        self.head: nn.Module | None = layers.conv(w, 1, 7)

    def forward(self, photo: Tensor) -> SaliencyFeatures:
        """(N, 3, H, W) in, features at a quarter, half and all of the size out."""
        quarter = self.encoder(photo)
        half = self.up1(quarter)
        return SaliencyFeatures(quarter, half, self.up2(half))

    def saliency(self, features: SaliencyFeatures) -> Tensor:
        """(N, 1, H, W) in 0..1."""
        assert self.head is not None, "a folded network predicts no saliency"
        return torch.sigmoid(self.head(features.full))

    def fold(self) -> None:
        """Drop the head, which only the saliency loss needs."""
        self.head = None


def _plain(layers: Layers, channels: int) -> nn.Module:
    return nn.Sequential(layers.block(channels, channels), layers.block(channels, channels))


class Join(nn.Module):
    """Features of the generator and of the saliency network, mixed and attended to."""

    def __init__(self, channels: int, has_cbam: bool) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        self.attend: nn.Module = CBAM(channels) if has_cbam else nn.Identity()

    def forward(self, drawn: Tensor, salient: Tensor) -> Tensor:
        """Two (N, C, H, W) in, one out."""
        joined: Tensor = self.attend(self.mix(torch.cat([drawn, salient], 1)))
        return joined


class SalCBAM(Generator):
    """CartoonGAN with the saliency network joined to its last three stages."""

    config_type = SalCBAMConfig

    def __init__(self, config: SalCBAMConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or SalCBAMConfig()
        w, base = config.width, config.cartoongan
        layers = cartoongan_layers(base)
        self.saliency = SaliencyNet(config)
        self.encoder = nn.Sequential(
            layers.block(3, w, 7),
            cartoongan_down(base, w, 2 * w),
            cartoongan_down(base, 2 * w, 4 * w),
            *(Residual(layers, 4 * w) for _ in range(config.blocks)),
        )
        self.joins = nn.ModuleList(Join(c * w, config.cbam) for c in (4, 2, 1))
        self.up1 = cartoongan_up(base, 4 * w, 2 * w)
        self.up2 = cartoongan_up(base, 2 * w, w)
        self.out = layers.conv(w, 3, 7)

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        return self.draw(photo, self.saliency(photo))

    def with_saliency(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """The cartoon and the photo's predicted saliency (N, 1, H, W), for training."""
        features = self.saliency(photo)
        return self.draw(photo, features), self.saliency.saliency(features)

    def draw(self, photo: Tensor, features: SaliencyFeatures) -> Tensor:
        """The cartoon, given the saliency network's features."""
        if self.config.sal_detach:
            features = SaliencyFeatures(*(stage.detach() for stage in features))
        drawn = self.joins[0](self.encoder(photo), features.quarter)
        drawn = self.joins[1](self.up1(drawn), features.half)
        drawn = self.joins[2](self.up2(drawn), features.full)
        return torch.tanh(self.out(drawn))
