"""CartoonLossGAN (Dong et al., IEEE TIP 2021): the critic's own encoder feeds the decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from livecartoon.models.animegan2 import anime_decoder
from livecartoon.models.convs import Conv, Layers, leaky
from livecartoon.models.generator import Generator
from livecartoon.models.norms import LayerNorm


@dataclass(frozen=True, slots=True)
class CartoonLossConfig:
    """Width and depth; the encoder's width is the critic's too."""

    width: int = 32
    blocks: int = 4

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 1:
            raise ValueError(f"width {self.width} and blocks {self.blocks} start at 1")


class SharedEncoder(nn.Module):
    """Front of the critic; learns only in the critic's step.

    Keep it in eval mode during the generator's: every forward pass in train mode moves the
    vectors of its spectral norms.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(
            _normed(3, w, 1),
            leaky(),
            _normed(w, 2 * w, 2),
            leaky(),
            _normed(2 * w, 4 * w, 1),
            LayerNorm(4 * w),
            leaky(),
            _normed(4 * w, 4 * w, 2),
            leaky(),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, (N, 4 * width, H/4, W/4) out."""
        features: Tensor = self.body(picture)
        return features


def _normed(inputs: int, outputs: int, stride: int) -> nn.Module:
    return spectral_norm(Conv(inputs, outputs, 3, stride, bias=False, pad="zeros"))


class CartoonLoss(Generator):
    """The shared encoder and its decoder."""

    config_type = CartoonLossConfig

    def __init__(self, config: CartoonLossConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CartoonLossConfig()
        self.encoder = SharedEncoder(config.width)
        self.decoder = anime_decoder(Layers(LayerNorm), config.width, config.blocks)

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        return self.decode(self.encoder(photo))

    def decode(self, features: Tensor) -> Tensor:
        """Draw from features; detach them in the generator's step."""
        return torch.tanh(self.decoder(features))
