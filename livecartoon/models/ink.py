"""Fixed line layer: draws from the network's own flat picture what no averaging loss can."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import (
    BLOCK,
    from_blocks,
    gaussian_in_blocks,
    luminance_in_blocks,
    repeat_per_colour,
    replicate_pad,
    smaller_in_blocks,
    to_blocks,
)

WIDER = 1.6
"""Ratio of the two Gaussians of each difference."""


@dataclass(frozen=True, slots=True)
class InkStyle:
    """How a style draws its lines."""

    sigma: float = 0.8
    """Pixels; width of the finer scale."""
    threshold: float = 0.03
    """Relative darkness at which a line begins."""
    ramp: float = 1.4
    """A line is full at (1 + ramp) x threshold."""
    coarse: float = 0.5
    """Weight of the lines found at twice the scale."""
    strength: float = 0.6
    """Opacity of a full line."""
    tint: float = 0.3
    """Share of the fill's own colour that shows through a line."""
    tone: tuple[float, float, float] = (0.02, 0.0, 0.0)
    """RGB the line tends to."""

    def __post_init__(self) -> None:
        if not (0.3 <= self.sigma <= 3 and 1e-3 <= self.threshold <= 1 and self.ramp > 0):
            raise ValueError(f"ink parameters out of range: {asdict(self)}")


class Ink(nn.Module):
    """Two-scale relative difference of Gaussians, thinned where lines crowd.

    u = (G_wide - G_narrow) / (G_wide + 0.12) is how much darker a pixel is than its
    surroundings; the division makes it blind to exposure.
    """

    def __init__(self, style: InkStyle, block: int = BLOCK, scale: float = 1.0) -> None:
        """`block`: side of the sub-pixel block; `scale`: width of the fine lines, 1 = the style's.

        The coarse scale is found at half the size (block 4) or at the blocks' means (2, 3, ..),
        where it is as wide as at the network's own size.
        """
        super().__init__()
        self.style = style
        self.block = block
        step = 2 if block == BLOCK else block
        down, up = smaller_in_blocks(block, step)
        fine = _difference(style.sigma * scale, block, _fine_radius(block))
        coarse = _difference(style.sigma, 2, 4)
        buffers = {
            "luminance": luminance_in_blocks(block),
            "fine_difference": fine[0],
            "fine_wide": fine[1],
            "coarse_difference": coarse[0],
            "coarse_wide": coarse[1],
            "down": down,
            "up": up,
            "mean": torch.full((1, block * block, 1, 1), 1 / (block * block)),
            "repeat": repeat_per_colour(block),
            "tone": torch.tensor(style.tone).repeat(block * block)[None, :, None, None],
        }
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def lines(self, luminance: Tensor) -> Tensor:
        """Darkness 0..1 of the lines of a luminance picture, both (N, b^2, H/b, W/b)."""
        style = self.style
        relative = _darkness(luminance, self.fine_difference, self.fine_wide)
        fine = _ramp(relative, style.threshold, style.ramp)
        coarse = self._coarse(luminance)
        density = F.avg_pool2d(_convolve(fine, self.mean), 5, 1, 2)
        alone = 1 - 0.65 * torch.clamp((density - 0.16) / 0.24, 0, 1)
        coarse = _convolve(coarse * (alone * style.coarse), self.up)
        return torch.maximum(fine * (0.65 + 0.35 * alone), coarse)

    def _tone(self) -> Tensor:
        assert isinstance(self.tone, Tensor)
        return self.tone

    def _coarse(self, luminance: Tensor) -> Tensor:
        smaller = _convolve(luminance, self.down)
        if self.block != BLOCK:  # one channel is a bad shape for a convolution: 2x2 blocks of it
            smaller = to_blocks(smaller.permute(0, 2, 3, 1), 2)
        relative = _darkness(smaller, self.coarse_difference, self.coarse_wide)
        lines = _ramp(relative, 1.5 * self.style.threshold, 1.2 * self.style.ramp)
        if self.block != BLOCK:
            lines = from_blocks(lines, 2).permute(0, 3, 1, 2)
        return lines

    def forward(self, flat: Tensor, weight: Tensor, amount: Tensor | float = 1.0) -> Tensor:
        """Draw on a flat picture (N, 3*b^2, H/b, W/b) in 0..1.

        `weight` (N, 1, H/b, W/b) scales the lines per block, `amount` all of them.
        """
        lines = self.lines(_convolve(flat, self.luminance))
        opacity = torch.clamp(lines * (weight * (self.style.strength * amount)), 0, 1)
        opacity = _convolve(opacity, self.repeat)
        return flat * (1 - opacity * (1 - self.style.tint)) + opacity * self._tone()


def _fine_radius(block: int) -> int:
    return 4 if block in (2, BLOCK) else block


def _difference(sigma: float, block: int, radius: int) -> tuple[Tensor, Tensor]:
    narrow, wide = (gaussian_in_blocks(s, block, radius) for s in (sigma, sigma * WIDER))
    return wide - narrow, wide


def _convolve(picture: Tensor, kernel: Tensor | nn.Module) -> Tensor:
    assert isinstance(kernel, Tensor)
    border = kernel.shape[-1] // 2
    return F.conv2d(replicate_pad(picture, border) if border else picture, kernel)


def _darkness(
    luminance: Tensor, difference: Tensor | nn.Module, wide: Tensor | nn.Module
) -> Tensor:
    return _convolve(luminance, difference) / (_convolve(luminance, wide) + 0.12)


def _ramp(darkness: Tensor, threshold: float, ramp: float) -> Tensor:
    return torch.clamp((darkness - threshold) / (ramp * threshold), 0, 1)
