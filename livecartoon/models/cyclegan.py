"""CycleGAN's residual generator (Zhu et al., ICCV 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Layers, Residual, Upsampling, upsampling
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceNorm


@dataclass(frozen=True, slots=True)
class CycleGANConfig:
    """Nine blocks as for 256 x 256 and more; six for less."""

    width: int = 64
    blocks: int = 9
    upsample: Upsampling = "resize"
    """`deconv` is the paper's, with its checkerboard."""
    input_skip: bool = False

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0:
            raise ValueError(f"width {self.width} or blocks {self.blocks} is too small")


class CycleGAN(Generator):
    """Instance norms without gain and bias."""

    config_type = CycleGANConfig

    def __init__(self, config: CycleGANConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CycleGANConfig()
        w = config.width
        norm = partial(InstanceNorm, affine=False)
        inside = Layers(norm, nn.ReLU, bias=True)
        scaling = Layers(norm, nn.ReLU, bias=True, pad="zeros")
        self.encoder = nn.Sequential(
            inside.block(3, w, 7),
            scaling.block(w, 2 * w, stride=2),
            scaling.block(2 * w, 4 * w, stride=2),
            *(Residual(inside, 4 * w) for _ in range(config.blocks)),
        )
        self.decoder = nn.Sequential(
            upsampling(scaling, 4 * w, 2 * w, config.upsample),
            norm(2 * w),
            nn.ReLU(),
            upsampling(scaling, 2 * w, w, config.upsample),
            norm(w),
            nn.ReLU(),
            inside.conv(w, 3, 7),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        drawn: Tensor = torch.tanh(self.decoder(self.encoder(photo)))
        return with_input(drawn, photo, self.training) if self.config.input_skip else drawn


def with_input(change: Tensor, photo: Tensor, training: bool) -> Tensor:
    """Add the photo, so that flat colours need not be rebuilt after the norms removed them.

    Clipped to [-1, 1] at inference only: clipping stops the gradient.
    """
    summed = change + photo
    return summed if training else summed.clamp(-1, 1)
