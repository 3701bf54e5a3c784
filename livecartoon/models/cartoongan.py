"""CartoonGAN (Chen, Lai and Liu, CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Layers, PadMode, Residual, Upsampling, upsampling
from livecartoon.models.generator import Generator
from livecartoon.models.norms import EPSILON, InstanceNorm


@dataclass(frozen=True, slots=True)
class CartoonGANConfig:
    """Ours by default; `import_cartoongan` sets what the released weights need."""

    width: int = 64
    blocks: int = 8
    upsample: Upsampling = "resize"
    pad_mid: PadMode = "reflect"
    """Border of the 3x3 convolutions outside the residual blocks."""
    affine: bool = True
    eps: float = EPSILON

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0:
            raise ValueError(f"width {self.width} or blocks {self.blocks} is too small")


class CartoonGAN(Generator):
    """Eight residual blocks at a quarter of the size.

    Faithfully, neither norm nor activation stands between the two convolutions of a scale.
    """

    config_type = CartoonGANConfig

    def __init__(self, config: CartoonGANConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CartoonGANConfig()
        w = config.width
        layers = cartoongan_layers(config)
        self.stem = layers.block(3, w, 7)
        self.down1 = cartoongan_down(config, w, 2 * w)
        self.down2 = cartoongan_down(config, 2 * w, 4 * w)
        self.body = nn.Sequential(*(Residual(layers, 4 * w) for _ in range(config.blocks)))
        self.up1 = cartoongan_up(config, 4 * w, 2 * w)
        self.up2 = cartoongan_up(config, 2 * w, w)
        self.out = layers.conv(w, 3, 7)

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        deep: Tensor = self.body(self.down2(self.down1(self.stem(photo))))
        cartoon: Tensor = torch.tanh(self.out(self.up2(self.up1(deep))))
        return cartoon


def cartoongan_layers(config: CartoonGANConfig, pad: PadMode = "reflect") -> Layers:
    """How CartoonGAN builds its convolutions."""
    norm = partial(InstanceNorm, affine=config.affine, eps=config.eps)
    return Layers(norm, nn.ReLU, bias=True, pad=pad)


def cartoongan_up(config: CartoonGANConfig, inputs: int, outputs: int) -> nn.Sequential:
    """Twice the size: enlarge, convolution, norm, activation."""
    layers = cartoongan_layers(config, config.pad_mid)
    larger = upsampling(layers, inputs, outputs, config.upsample)
    return nn.Sequential(larger, *layers.block(outputs, outputs))


def cartoongan_down(config: CartoonGANConfig, inputs: int, outputs: int) -> nn.Sequential:
    """Half the size: two convolutions in a row, then norm and activation."""
    layers = cartoongan_layers(config, config.pad_mid)
    return nn.Sequential(layers.conv(inputs, outputs, stride=2), *layers.block(outputs, outputs))
