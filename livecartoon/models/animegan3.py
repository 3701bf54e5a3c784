"""AnimeGANv3, the double-tail GAN (Liu, Chen and Gao, IEICE 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from livecartoon.models.convs import LEAK, Conv, Layers, PadSide, double_size
from livecartoon.models.generator import Generator
from livecartoon.models.norms import EPSILON, AdaptiveNorm

SLOTS = 128
TINY = 1e-9
"""Keeps the attention's second normalisation finite."""


@dataclass(frozen=True, slots=True)
class AnimeGAN3Config:
    """Width and which tails; the paper's width by default."""

    width: int = 32
    slots: int = SLOTS
    """Entries of the external attention's memory."""
    has_support: bool = False
    """True while training: the support tail is judged for texture, the main tail refined."""
    pad_s2: PadSide = "before"

    def __post_init__(self) -> None:
        if self.width < 1 or self.slots < 1:
            raise ValueError(f"width {self.width} and slots {self.slots} start at 1")


class BaseFeatures(NamedTuple):
    """What both tails start from."""

    full: Tensor
    half: Tensor
    quarter: Tensor
    eighth: Tensor


class AnimeGAN3(Generator):
    """One U-Net encoder and the main tail; the support tail exists for training only."""

    config_type = AnimeGAN3Config
    multiple = 8

    def __init__(self, config: AnimeGAN3Config | None = None) -> None:
        super().__init__()
        self.config = config = config or AnimeGAN3Config()
        w = config.width
        layers = Layers(AdaptiveNorm, side=config.pad_s2)
        self.stem = layers.block(3, w, 7)
        self.down1 = _down(layers, w, w, 2 * w)
        self.down2 = _down(layers, 2 * w, 2 * w, 4 * w)
        self.down3 = _down(layers, 4 * w, 4 * w, 4 * w)
        self.main = Tail(layers, w, config.slots)
        self.support = Tail(layers, w, config.slots) if config.has_support else None

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 8."""
        cartoon: Tensor = self.main(self.features(photo))
        return cartoon

    def both(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Support and main pictures, for training."""
        assert self.support is not None, "the inference form has no support tail"
        features = self.features(photo)
        return self.support(features), self.main(features)

    def features(self, photo: Tensor) -> BaseFeatures:
        """Encode (N, 3, H, W)."""
        full = self.stem(photo)
        half = self.down1(full)
        quarter = self.down2(half)
        return BaseFeatures(full, half, quarter, self.down3(quarter))

    def fold(self) -> None:
        """Drop the support tail."""
        self.support = None


class Tail(nn.Module):
    """Decoder of the double-tail GAN."""

    def __init__(self, layers: Layers, width: int, slots: int) -> None:
        super().__init__()
        w = width
        self.attention = ExternalAttention(4 * w, slots)
        self.up3 = nn.Sequential(double_size(), layers.block(4 * w, 4 * w))
        self.mix2 = layers.block(4 * w, 4 * w)
        self.up2 = nn.Sequential(double_size(), layers.block(4 * w, 2 * w))
        self.mix1 = layers.block(2 * w, 2 * w)
        self.up1 = nn.Sequential(double_size(), layers.block(2 * w, w))
        self.out = nn.Sequential(layers.block(w, w), Conv(w, 3, 7, bias=False))

    def forward(self, features: BaseFeatures) -> Tensor:
        """A picture (N, 3, H, W) in [-1, 1]."""
        deep = self.up3(self.attention(features.eighth))
        deep = self.up2(self.mix2(deep + features.quarter))
        deep = self.up1(self.mix1(deep + features.half))
        return torch.tanh(self.out(deep + features.full))


class ExternalAttention(nn.Module):
    """Attention to a learnt memory; the same memory reads and writes.

    The only batch norm of the family: inference needs its running statistics, and `fold`
    moves them into the convolution before it.
    """

    def __init__(self, channels: int, slots: int = SLOTS) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 1, bias=False)
        self.memory = nn.Parameter(torch.empty(channels, slots))
        nn.init.xavier_uniform_(self.memory)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(channels, eps=EPSILON)
        self.activation = nn.LeakyReLU(LEAK)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        n, c, h, w = features.shape
        memory = self.memory.float()
        query = self.query(features).float().reshape(n, c, h * w).transpose(1, 2)
        weights = torch.softmax((query @ memory).float(), 1)  # over the places, unlike others
        weights = weights / (weights.sum(2, keepdim=True) + TINY)
        read = (weights @ memory.t()).transpose(1, 2).reshape(n, c, h, w)
        attended: Tensor = self.norm(self.value(read.to(features.dtype)))
        changed: Tensor = self.activation(attended + features)
        return changed

    def fold(self) -> None:
        """Move the batch norm into the convolution before it."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.value = torch.nn.utils.fuse_conv_bn_eval(self.value, self.norm)
            self.norm = nn.Identity()


def _down(layers: Layers, inputs: int, strided: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(layers.block(inputs, strided, stride=2), layers.block(strided, outputs))
