"""White-box Cartoonization (Wang and Yu, CVPR 2020): a small U-Net without norms."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from livecartoon.models.convs import Conv, PadMode, double_size, leaky
from livecartoon.models.generator import Generator
from livecartoon.models.guided import guided_filter

FILTER_RADIUS = 1
FILTER_EPS = 5e-3
"""At inference; training filters with twice as much."""


@dataclass(frozen=True, slots=True)
class WhiteBoxConfig:
    """Width, depth and border."""

    width: int = 32
    blocks: int = 4
    pad: PadMode = "reflect"
    """The published weights need zeros, which are mid-grey here: a bright rim on black."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.blocks < 0:
            raise ValueError(f"width {self.width} or blocks {self.blocks} is too small")


class WhiteBox(Generator):
    """Before the guided filter that its losses and its users see; not limited to [-1, 1]."""

    config_type = WhiteBoxConfig

    def __init__(self, config: WhiteBoxConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or WhiteBoxConfig()
        w, pad = config.width, config.pad
        self.stem = _steps(pad, (3, w, 7, 1))
        self.to_half = _steps(pad, (w, w, 3, 2), (w, 2 * w, 3, 1))
        self.to_quarter = _steps(pad, (2 * w, 2 * w, 3, 2), (2 * w, 4 * w, 3, 1))
        self.body = nn.Sequential(*(_PlainResidual(4 * w, pad) for _ in range(config.blocks)))
        self.narrow = _steps(pad, (4 * w, 2 * w, 3, 1))
        self.up = double_size()
        self.half_out = _steps(pad, (2 * w, 2 * w, 3, 1), (2 * w, w, 3, 1))
        self.out = nn.Sequential(*_steps(pad, (w, w, 3, 1)), Conv(w, 3, 7, pad=pad))

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, unclamped out, H and W multiples of 4."""
        full = self.stem(photo)
        half = self.to_half(full)
        deep = self.narrow(self.body(self.to_quarter(half)))
        deep = self.half_out(self.up(deep) + half)
        cartoon: Tensor = self.out(self.up(deep) + full)
        return cartoon

    def shown(self, photo: Tensor) -> Tensor:
        """Through the guided filter; unclamped."""
        return self.filtered(photo)

    def filtered(self, photo: Tensor, eps: float = FILTER_EPS) -> Tensor:
        """What users and, with their own `eps`, the losses see; unclamped."""
        return guided_filter(photo, self(photo), FILTER_RADIUS, eps)


class _PlainResidual(nn.Module):
    def __init__(self, channels: int, pad: PadMode) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Conv(channels, channels, pad=pad), leaky(), Conv(channels, channels, pad=pad)
        )

    def forward(self, features: Tensor) -> Tensor:
        change: Tensor = self.body(features)
        return features + change


def _steps(pad: PadMode, *steps: tuple[int, int, int, int]) -> nn.Sequential:
    """Convolutions (inputs, outputs, kernel, stride), each with bias and activation."""
    parts: list[nn.Module] = []
    for inputs, outputs, kernel, stride in steps:
        parts += [Conv(inputs, outputs, kernel, stride, pad=pad, side="after"), leaky()]
    return nn.Sequential(*parts)
