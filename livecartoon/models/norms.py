"""Normalisations of the papers' networks; all statistics are taken in float32.

Half-precision moments of a whole picture overflow: a variance over 8 x 256 x 256 values is
infinite in float16 already at a deviation of 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

EPSILON = 1e-5
"""Never 1e-9 as in the released CartoonGAN: that is zero in float16, and 0.03 levels away."""


class Norm(nn.Module, ABC):
    """A norm whose statistics are those of the picture at hand.

    Given its moments it is affine per channel, so that they can also be measured once
    (`livecartoon.models.statistics`) or follow a clip.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    @property
    def moment_count(self) -> int:
        """How many numbers `moments` gives per picture."""
        return 2 * self.channels

    @abstractmethod
    def moments(self, features: Tensor) -> Tensor:
        """The statistics of (N, C, H, W) that the norm uses, (N, moment_count) float32."""

    @abstractmethod
    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1) float32 of the norm with these moments."""

    def normed_by(self, moments: Tensor, features: Tensor) -> Tensor:
        """Normalise with given moments instead of the features' own."""
        scale, shift = self.affine(moments)
        return (features.float() * scale + shift).to(features.dtype)


class InstanceNorm(Norm):
    """Zero mean and unit variance per picture and channel, then gain and bias if `affine`."""

    def __init__(self, channels: int, affine: bool = True, eps: float = EPSILON) -> None:
        super().__init__(channels)
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

    def moments(self, features: Tensor) -> Tensor:
        """Means, then variances, of the channels."""
        return torch.cat(_moments(features.float(), (2, 3), 0), 1).flatten(1)

    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1)."""
        mean, variance = _split(moments, self.channels, self.channels)
        return _gained(mean, torch.rsqrt(variance + self.eps), self.weight, self.bias)


class LayerNorm(Norm):
    """Zero mean and unit variance per picture over C, H, W, then gain and bias per channel."""

    def __init__(self, channels: int, affine: bool = True, eps: float = EPSILON) -> None:
        super().__init__(channels)
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

    @property
    def moment_count(self) -> int:
        """One mean and one variance."""
        return 2

    def moments(self, features: Tensor) -> Tensor:
        """Mean and variance of the whole."""
        return torch.cat(_moments(features.float(), (1, 2, 3), 0), 1).flatten(1)

    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1), equal over the channels without gain and bias."""
        mean, variance = _split(moments, 1, 1)
        mean, rate = (
            part.expand(-1, self.channels, 1, 1)
            for part in (mean, torch.rsqrt(variance + self.eps))
        )
        return _gained(mean, rate, self.weight, self.bias)


class InstanceLayerNorm(Norm):
    """DEMAL's ILN: gain * (rho * IN + (1 - rho) * LN) + bias, plain layer norm at the start.

    Variances are unbiased, unlike in `InstanceNorm` and `LayerNorm`.
    """

    def __init__(self, channels: int, eps: float = EPSILON) -> None:
        super().__init__(channels)
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
        mean, variance = _moments(x, over, 1)
        return (x - mean) / torch.sqrt(variance + self.eps)

    @property
    def moment_count(self) -> int:
        """Mean and variance per channel, and of the whole."""
        return 2 * self.channels + 2

    def moments(self, features: Tensor) -> Tensor:
        """Means, then variances, of the channels, mean and variance of the whole."""
        x = features.float()
        parts = (*_moments(x, (2, 3), 1), *_moments(x, (1, 2, 3), 1))
        return torch.cat(parts, 1).flatten(1)

    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1)."""
        c = self.channels
        mean, variance, whole_mean, whole_variance = _split(moments, c, c, 1, 1)
        rho, weight = self.rho.float(), self.weight.float()
        of_channel = rho * torch.rsqrt(variance + self.eps)
        of_whole = (1 - rho) * torch.rsqrt(whole_variance + self.eps)
        shift = self.bias.float() - weight * (of_channel * mean + of_whole * whole_mean)
        return weight * (of_channel + of_whole), shift

    @torch.no_grad()
    def clamp(self) -> None:
        """Keep rho a mixing share; call after every optimiser step."""
        self.rho.clamp_(0, 1)


class AdaptiveNorm(Norm):
    """AnimeGANv3's LADE: the moments a 1x1 convolution of the input has replace the input's.

    Scales with its input, so exposure passes through; with an identity kernel it does nothing.
    """

    def __init__(self, channels: int, eps: float = EPSILON) -> None:
        super().__init__(channels)
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

    @property
    def moment_count(self) -> int:
        """Mean and deviation per channel, of the input and of what replaces them."""
        return 4 * self.channels

    def moments(self, features: Tensor) -> Tensor:
        """Means and deviations of the input, then of its convolution."""
        parts = (*self._moments(features.float()), *self._moments(self.conv(features).float()))
        return torch.cat(parts, 1).flatten(1)

    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1)."""
        mean, deviation, target_mean, target = _split(moments, *[self.channels] * 4)
        scale = target / deviation
        return scale, target_mean - mean * scale


class Standardise(Norm):
    """Zero mean and unit unbiased deviation per picture and channel, nothing learnt."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of any float type."""
        mean, variance = _moments(features.float(), (2, 3), 1)
        return ((features.float() - mean) / torch.sqrt(variance + EPSILON)).to(features.dtype)

    def moments(self, features: Tensor) -> Tensor:
        """Means, then variances, of the channels."""
        return torch.cat(_moments(features.float(), (2, 3), 1), 1).flatten(1)

    def affine(self, moments: Tensor) -> tuple[Tensor, Tensor]:
        """Scale and shift (N, C, 1, 1)."""
        mean, variance = _split(moments, self.channels, self.channels)
        return _gained(mean, torch.rsqrt(variance + EPSILON), None, None)


def _moments(x: Tensor, over: tuple[int, ...], correction: int) -> tuple[Tensor, Tensor]:
    return x.mean(over, keepdim=True), x.var(over, correction=correction, keepdim=True)


def _split(moments: Tensor, *counts: int) -> list[Tensor]:
    return [part[:, :, None, None] for part in torch.split(moments, list(counts), 1)]


def _gained(
    mean: Tensor, rate: Tensor, weight: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor]:
    scale = rate if weight is None else rate * weight.float()[None, :, None, None]
    shift = -mean * scale
    return scale, shift if bias is None else shift + bias.float()[None, :, None, None]
