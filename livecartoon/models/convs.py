"""Convolutions of the papers' networks: how they pad, normalise and activate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

PadMode = Literal["reflect", "zeros"]
PadSide = Literal["both", "after", "before"]
"""Where a stride-2 convolution gets its border: it shifts the picture by half a pixel."""
Upsampling = Literal["resize", "deconv"]
LEAK = 0.2


class Conv(nn.Conv2d):
    """Convolution that pads to `size / stride` itself, by reflection or with zeros."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        *,
        groups: int = 1,
        bias: bool = True,
        pad: PadMode = "reflect",
        side: PadSide = "both",
    ) -> None:
        super().__init__(inputs, outputs, kernel, stride, 0, groups=groups, bias=bias)
        self.fill: Literal["reflect", "constant"] = "reflect" if pad == "reflect" else "constant"
        self.border = _border(kernel, stride, side)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) in, (N, outputs, H/stride, W/stride) out."""
        if any(self.border):
            input = F.pad(input, self.border, mode=self.fill)
        return super().forward(input)


def _border(kernel: int, stride: int, side: PadSide) -> tuple[int, int, int, int]:
    if stride == 1 or side == "both":
        return (kernel // 2,) * 4
    few, many = (kernel - stride) // 2, (kernel - stride + 1) // 2
    return (few, many, few, many) if side == "after" else (many, few, many, few)


def leaky() -> nn.Module:
    """LeakyReLU of the whole family."""
    return nn.LeakyReLU(LEAK)


@dataclass(frozen=True, slots=True)
class Layers:
    """How one network builds its convolutions."""

    norm: Callable[[int], nn.Module]
    activation: Callable[[], nn.Module] = leaky
    bias: bool = False
    pad: PadMode = "reflect"
    side: PadSide = "both"

    def conv(
        self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, groups: int = 1
    ) -> Conv:
        """A convolution alone."""
        return Conv(
            inputs,
            outputs,
            kernel,
            stride,
            groups=groups,
            bias=self.bias,
            pad=self.pad,
            side=self.side,
        )

    def block(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
        """Convolution, norm, activation."""
        conv = self.conv(inputs, outputs, kernel, stride)
        return nn.Sequential(conv, self.norm(outputs), self.activation())


class Residual(nn.Module):
    """Two 3x3 convolutions added to their input, no activation after the sum."""

    def __init__(
        self, layers: Layers, channels: int, activation: Callable[[], nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            layers.conv(channels, channels),
            layers.norm(channels),
            (activation or layers.activation)(),
            layers.conv(channels, channels),
            layers.norm(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        change: Tensor = self.body(features)
        return features + change


class InvertedResidual(nn.Module):
    """Widen by 1x1, depthwise 3x3, narrow by 1x1; added to the input where widths agree."""

    def __init__(
        self,
        layers: Layers,
        inputs: int,
        outputs: int,
        *,
        expansion: int = 2,
        depthwise_bias: bool = True,
    ) -> None:
        super().__init__()
        wide = inputs * expansion
        self.has_identity = inputs == outputs
        self.body = nn.Sequential(
            layers.block(inputs, wide, 1),
            Conv(wide, wide, groups=wide, bias=depthwise_bias, pad=layers.pad),
            layers.norm(wide),
            layers.activation(),
            layers.conv(wide, outputs, 1),
            layers.norm(outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, inputs, H, W) in, (N, outputs, H, W) out."""
        change: Tensor = self.body(features)
        return features + change if self.has_identity else change


def double_size(align_corners: bool = False) -> nn.Upsample:
    """Bilinear enlargement by two."""
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=align_corners)


def upsampling(layers: Layers, inputs: int, outputs: int, how: Upsampling) -> nn.Module:
    """Twice the size with `outputs` channels; no norm, no activation.

    `deconv` is the papers', `resize` has the same parameters and no checkerboard.
    """
    if how == "deconv":
        return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=layers.bias)
    return nn.Sequential(double_size(), layers.conv(inputs, outputs))
