"""How DEMAL hands a cartoon's statistics to the features of a photo."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from livecartoon.models.norms import EPSILON, Standardise

Matching = Literal["sm", "adain", "add"]


class Style(NamedTuple):
    """All that a generator keeps of its cartoons; N styles average and interpolate as numbers."""

    spread: Tensor
    """`sm`: (N, k, k) mixing matrix; `adain`: (N, C) deviations; `add`: (N, 0)."""
    mean: Tensor
    """(N, C)."""

    def average(self) -> Style:
        """One style of N, which depends less on any single picture."""
        return Style(self.spread.mean(0, keepdim=True), self.mean.mean(0, keepdim=True))

    def towards(self, other: Style, share: float) -> Style:
        """Between this style (share 0) and another (share 1)."""
        return Style(
            torch.lerp(self.spread, other.spread, share), torch.lerp(self.mean, other.mean, share)
        )


class Matcher(Protocol):
    """Content features and a style in, styled features out; `neutral` styles nothing."""

    def __call__(self, content: Tensor, style: Style) -> Tensor:
        """(N, C, h, w) in and out; the style's N is N or 1."""
        ...

    def style_of(self, features: Tensor) -> Style:
        """The style of encoded cartoons (N, C, h, w) of any size."""
        ...

    def neutral(self) -> Style:
        """What pre-training uses."""
        ...


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation (N, C, 1, 1) in float32 of (N, C, H, W), unbiased."""
    x = features.float()
    variance = x.var((2, 3), correction=1, keepdim=True)
    return x.mean((2, 3), keepdim=True), torch.sqrt(variance + EPSILON)


class StatisticalMatching(nn.Module):
    """Mixes channels in a narrow space by the cartoon's second moments, and keeps the content.

    The softmax is scaled after, not before: its rows sum to k^-1/2, a constant gain that the
    last convolution absorbs. At the start it is uniform to 1e-4, and the style comes through
    its mean alone; a `temperature` below 1 sharpens it earlier.
    """

    def __init__(self, channels: int, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = temperature
        self.norm = Standardise(channels)
        self.narrow = nn.Sequential(
            nn.Conv2d(channels, channels // 2, 1),
            nn.ReLU(),
            nn.Conv2d(channels // 2, channels // 8, 1),
        )
        self.widen = nn.Conv2d(channels // 8, channels, 1)

    def forward(self, content: Tensor, style: Style) -> Tensor:
        """(N, C, h, w) in and out; the style's N is N or 1."""
        code = self.narrow(self.norm(content))
        n, k, h, w = code.shape
        mixed = (style.spread.to(code.dtype) @ code.reshape(n, k, h * w)).reshape(n, k, h, w)
        styled: Tensor = self.widen(mixed) + style.mean[:, :, None, None].to(code.dtype)
        return styled + content

    def style_of(self, features: Tensor) -> Style:
        """Mixing matrix and mean of encoded cartoons; centred, not scaled."""
        mean = features.float().mean((2, 3), keepdim=True)
        code = self.narrow((features.float() - mean).to(features.dtype)).float().flatten(2)
        with torch.autocast(features.device.type, enabled=False):
            second = code @ code.transpose(1, 2) / code.shape[2]
        spread = torch.softmax(second / self.temperature, 2) * code.shape[1] ** -0.5
        return Style(spread, mean.flatten(1))

    def neutral(self) -> Style:
        """Identity and no mean: the content through the narrow space, nothing else."""
        k, channels = self.widen.in_channels, self.widen.out_channels
        return Style(torch.eye(k)[None], torch.zeros(1, channels))

    @torch.no_grad()
    def absorb(self, style: Style) -> None:
        """Multiply one style into the last convolution; afterwards the neutral one shows it."""
        weight = self.widen.weight[:, :, 0, 0] @ style.spread[0]
        self.widen.weight.copy_(weight[:, :, None, None])
        bias = self.widen.bias
        assert bias is not None, "this convolution has one"
        bias.add_(style.mean[0])


class AdaIN(nn.Module):
    """Gives every channel the cartoon's mean and deviation; for ablations."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.norm = Standardise(channels)

    def forward(self, content: Tensor, style: Style) -> Tensor:
        """(N, C, h, w) in and out; the style's N is N or 1."""
        normed: Tensor = self.norm(content)
        scaled = normed * style.spread[:, :, None, None]
        return (scaled + style.mean[:, :, None, None]).to(content.dtype)

    def style_of(self, features: Tensor) -> Style:
        """Deviations and means of encoded cartoons."""
        mean, deviation = moments(features)
        return Style(deviation.flatten(1), mean.flatten(1))

    def neutral(self) -> Style:
        """Unit deviation, no mean."""
        return Style(torch.ones(1, self.channels), torch.zeros(1, self.channels))


class AddMean(nn.Module):
    """Adds the cartoon's mean and nothing else: the floor of the ablation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, content: Tensor, style: Style) -> Tensor:
        """(N, C, h, w) in and out; the style's N is N or 1."""
        return content + style.mean[:, :, None, None].to(content.dtype)

    def style_of(self, features: Tensor) -> Style:
        """Means of encoded cartoons."""
        mean = features.float().mean((2, 3))
        return Style(mean[:, :0], mean)

    def neutral(self) -> Style:
        """No mean."""
        return Style(torch.zeros(1, 0), torch.zeros(1, self.channels))


def build_matcher(kind: Matching, channels: int, temperature: float) -> nn.Module:
    """The matcher of that name, a `Matcher`."""
    if kind == "sm":
        return StatisticalMatching(channels, temperature)
    return AdaIN(channels) if kind == "adain" else AddMean(channels)
