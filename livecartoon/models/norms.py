"""Normalisations of the papers' networks; all statistics are taken in float32.

Half-precision moments of a whole picture overflow: a variance over 8 x 256 x 256 values is
infinite in float16 already at a deviation of 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-5
"""Never 1e-9 as in the released CartoonGAN: that is zero in float16, and 0.03 levels away."""


class InstanceNorm(nn.Module):
    """Zero mean and unit variance per picture and channel, then gain and bias if `affine`."""

    def __init__(self, channels: int, affine: bool = True, eps: float = EPSILON) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type; a constant channel becomes its bias."""
        weight = None if self.weight is None else self.weight.float()
        bias = None if self.bias is None else self.bias.float()
        # torch.instance_norm, not the functional one, which refuses 1x1 maps of small pictures
        normed = torch.instance_norm(
            features.float(), weight, bias, None, None, True, 0.0, self.eps, False
        )
        return normed.to(features.dtype)


class LayerNorm(nn.Module):
    """Zero mean and unit variance per picture over C, H, W, then gain and bias per channel."""

    def __init__(self, channels: int, affine: bool = True, eps: float = EPSILON) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type."""
        weight = None if self.weight is None else self.weight.float()
        bias = None if self.bias is None else self.bias.float()
        # torch.group_norm, because the functional one checks sizes, which tracers dislike
        normed = torch.group_norm(features.float(), 1, weight, bias, self.eps)
        return normed.to(features.dtype)


class InstanceLayerNorm(nn.Module):
    """DEMAL's ILN: gain * (rho * IN + (1 - rho) * LN) + bias, plain layer norm at the start.

    Variances are unbiased, unlike in `InstanceNorm` and `LayerNorm`.
    """

    def __init__(self, channels: int, eps: float = EPSILON) -> None:
        super().__init__()
        self.eps = eps
        self.rho = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.weight = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type."""
        x = features.float()
        rho = self.rho.float()
        mixed = rho * self._normed(x, (2, 3)) + (1 - rho) * self._normed(x, (1, 2, 3))
        return (self.weight.float() * mixed + self.bias.float()).to(features.dtype)

    def _normed(self, x: Tensor, over: tuple[int, ...]) -> Tensor:
        variance = x.var(over, correction=1, keepdim=True)
        return (x - x.mean(over, keepdim=True)) / torch.sqrt(variance + self.eps)

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep rho a mixing share; call after every optimiser step."""
        self.rho.clamp_(0, 1)


class AdaptiveNorm(nn.Module):
    """AnimeGANv3's LADE: the moments a 1x1 convolution of the input has replace the input's.

    Scales with its input, so exposure passes through; with an identity kernel it does nothing.
    """

    def __init__(self, channels: int, eps: float = EPSILON) -> None:
        super().__init__()
        self.eps = eps
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type."""
        mean, deviation = self._moments(features.float())
        target_mean, target_deviation = self._moments(self.conv(features).float())
        normed = (features.float() - mean) / deviation
        return (normed * target_deviation + target_mean).to(features.dtype)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = x.mean((2, 3), keepdim=True)
        variance = ((x - mean) ** 2).mean((2, 3), keepdim=True)
        return mean, torch.sqrt(variance + self.eps)
