"""DEMAL: a content encoder, a style encoder that disappears at run time, and a decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Conv, Layers, Residual, double_size
from livecartoon.models.demal_match import (
    Matcher,
    Matching,
    StatisticalMatching,
    Style,
    build_matcher,
)
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceLayerNorm


@dataclass(frozen=True, slots=True)
class DemalConfig:
    """The published widths by default; the decoder starts at four times `width`."""

    width: int = 64
    encoder_blocks: int = 5
    decoder_blocks: int = 4
    match: Matching = "sm"
    temperature: float = 1.0
    """Of the matching's softmax; below 1 the style differentiates channels earlier."""
    align_corners: bool = False
    """The published weights need True, which makes sampling depend on the picture's size."""

    def __post_init__(self) -> None:
        if self.width < 4 or self.width % 4 or min(self.encoder_blocks, self.decoder_blocks) < 0:
            raise ValueError(f"width {self.width} is not a multiple of 4, or blocks are negative")
        if self.match not in get_args(Matching):
            raise ValueError(f"match {self.match!r} is none of {get_args(Matching)}")
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} is not above 0")


class Demal(Generator):
    """Draws in the style held by its buffers, 1,280 numbers at full width; neutral when built."""

    config_type = DemalConfig
    style_spread: Tensor
    style_mean: Tensor

    def __init__(self, config: DemalConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DemalConfig()
        self.content = _content_encoder(config.width, config.encoder_blocks)
        self.match = build_matcher(config.match, 4 * config.width, config.temperature)
        self.decoder = _decoder(config)
        self.register_buffer("style_spread", None)
        self.register_buffer("style_mean", None)
        self.set_style(self.matcher.neutral())

    @property
    def matcher(self) -> Matcher:
        """The matching, by its interface."""
        return cast(Matcher, self.match)

    @property
    def style(self) -> Style:
        """What it draws in."""
        return Style(self.style_spread, self.style_mean)

    def set_style(self, style: Style) -> None:
        """Draw in one style from now on."""
        self.style_spread, self.style_mean = style.spread.detach(), style.mean.detach()

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        return self.draw(photo, self.style)

    def draw(self, photo: Tensor, style: Style) -> Tensor:
        """In a given style, with gradients to both."""
        features = self.matcher(self.content(photo), style)
        return torch.tanh(self.decoder(features))

    def pretrain(self, photo: Tensor) -> Tensor:
        """In no style, whatever the buffers hold: what pre-training draws."""
        return self.draw(photo, self._neutral())

    def fold(self) -> None:
        """Multiply the style into the matching's last convolution."""
        if isinstance(self.match, StatisticalMatching):
            self.match.absorb(self.style)
            self.set_style(self._neutral())

    def _neutral(self) -> Style:
        return Style(*(part.to(self.style_mean) for part in self.matcher.neutral()))


class StyleEncoder(nn.Module):
    """Encodes cartoons without any norm: the statistics are the signal."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential()
        for step in ((3, w, 7, 1), (w, w, 3, 2), (w, 2 * w, 3, 1), (2 * w, 2 * w, 3, 2)):
            self.body.extend((Conv(*step), nn.LeakyReLU(0.2)))
        self.body.extend((Conv(2 * w, 4 * w), nn.LeakyReLU(0.2)))

    def forward(self, cartoon: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] of any size in, (N, 4 * width, H/4, W/4) out."""
        features: Tensor = self.body(cartoon)
        return features


def _content_encoder(width: int, blocks: int) -> nn.Sequential:
    w = width
    scaling = Layers(InstanceLayerNorm, nn.ReLU, pad="zeros")
    return nn.Sequential(
        Conv(3, w, 7, bias=False),
        scaling.block(w, 2 * w, stride=2),
        scaling.block(2 * w, 4 * w, stride=2),
        *_residuals(4 * w, blocks),
    )


def _decoder(config: DemalConfig) -> nn.Sequential:
    w = config.width
    layers = Layers(InstanceLayerNorm, nn.ReLU, bias=True, pad="zeros")

    def pair(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(layers.conv(inputs, outputs), *layers.block(outputs, outputs))

    return nn.Sequential(
        *_residuals(4 * w, config.decoder_blocks),
        double_size(config.align_corners),
        pair(4 * w, 2 * w),
        double_size(config.align_corners),
        pair(2 * w, w),
        pair(w, w // 2),
        pair(w // 2, w // 4),
        layers.conv(w // 4, 3, 7),
    )


def _residuals(channels: int, count: int) -> list[Residual]:
    layers = Layers(InstanceLayerNorm, nn.PReLU)
    return [Residual(layers, channels) for _ in range(count)]
