"""CartoonGAN on the units of ShuffleNetV2: a twelfth of the parameters, a seventh of the work."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Conv, double_size
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceNorm


@dataclass(frozen=True, slots=True)
class CartoonGANLightConfig:
    """Width at full size (the public code adds 32 to its 64 before it doubles) and depth."""

    width: int = 96
    blocks: int = 8

    def __post_init__(self) -> None:
        if self.width < 2 or self.width % 2 or self.blocks < 0:
            raise ValueError(f"width {self.width} is not even, or blocks {self.blocks} negative")


class CartoonGANLight(Generator):
    """No convolution inside a unit has a bias; those outside have one."""

    config_type = CartoonGANLightConfig

    def __init__(self, config: CartoonGANLightConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or CartoonGANLightConfig()
        w = config.width
        self.body = nn.Sequential(
            Conv(3, w, 5),
            InstanceNorm(w),
            nn.ReLU(),
            DownUnit(w),
            DownUnit(2 * w),
            *(BasicUnit(4 * w) for _ in range(config.blocks)),
            double_size(),
            Conv(4 * w, 2 * w, 1),
            BasicUnit(2 * w),
            double_size(),
            Conv(2 * w, w, 1),
            BasicUnit(w),
            Conv(w, 3, 5),
        )

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of 4."""
        cartoon: Tensor = torch.tanh(self.body(photo))
        return cartoon


class BasicUnit(nn.Module):
    """Works on half of the channels and shuffles them with the other half."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            *_point(half, half),
            nn.ReLU(),
            *_depthwise(half, stride=1),
            *_point(half, half),
            nn.ReLU(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        kept, worked = features.chunk(2, 1)
        return shuffle(torch.cat([kept, self.branch(worked)], 1))


class DownUnit(nn.Module):
    """Half the size, twice the channels, in two branches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        self.left = nn.Sequential(*_depthwise(c, stride=2), Conv(c, c, 1, bias=False))
        self.right = nn.Sequential(
            *_point(c, c), nn.ReLU(), *_depthwise(c, stride=2), Conv(c, c, 1, bias=False)
        )
        self.norm = nn.Sequential(InstanceNorm(2 * c), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, (N, 2C, H/2, W/2) out."""
        joined = torch.cat([self.left(features), self.right(features)], 1)
        return shuffle(self.norm(joined))


def shuffle(features: Tensor) -> Tensor:
    """Interleave the two halves of the channels."""
    n, c, h, w = features.shape
    return features.reshape(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def _point(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return Conv(inputs, outputs, 1, bias=False), InstanceNorm(outputs)


def _depthwise(channels: int, stride: int) -> tuple[nn.Module, ...]:
    conv = Conv(channels, channels, 3, stride, groups=channels, bias=False)
    return conv, InstanceNorm(channels)
