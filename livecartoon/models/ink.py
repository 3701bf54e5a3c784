"""Fixed line layer: draws from the network's own flat picture what no averaging loss can."""

from __future__ import annotations

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
from livecartoon.models.inkstyle import WIDER, InkStyle, fine_radius


class Ink(nn.Module):
    """Two-scale relative difference of Gaussians, thinned where lines crowd.

    u = (G_wide - G_narrow) / (G_wide + 0.12) is how much darker a pixel is than its
    surroundings; the division makes it blind to exposure.
    """

    def __init__(
        self, style: InkStyle, block: int = BLOCK, scale: float = 1.0, step: int = 2
    ) -> None:
        """`block`: side of the sub-pixel block; `scale`: width of the fine lines, 1 = the style's.

        The coarse scale is found at a size `step` times smaller: half, or the blocks' means,
        where it is as wide as at the network's own size.
        """
        super().__init__()
        self.style = style
        self.block = block
        self.step = step
        down, up = smaller_in_blocks(block, step)
        self.fine = _Darkness(style.sigma * scale, block, fine_radius(block))
        self.coarse = _Darkness(style.sigma, 2, 4)
        buffers = {
            "luminance": luminance_in_blocks(block),
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
        fine = _ramp(self.fine(luminance), style.threshold, style.ramp)
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
        if self.block == self.step:  # one channel is a bad shape for a convolution: 2x2 blocks
            smaller = to_blocks(smaller.permute(0, 2, 3, 1), 2)
        lines = _ramp(self.coarse(smaller), 1.5 * self.style.threshold, 1.2 * self.style.ramp)
        if self.block == self.step:
            lines = from_blocks(lines, 2).permute(0, 3, 1, 2)
        return lines

    def forward(
        self,
        flat: Tensor,
        weight: Tensor,
        amount: Tensor | float = 1.0,
        fills: Tensor | None = None,
    ) -> Tensor:
        """Draw on a flat picture (N, 3*b^2, H/b, W/b) in 0..1.

        `weight` (N, 1, H/b, W/b) scales the lines per block, `amount` all of them. With `fills`
        the lines found in `flat` are drawn on that picture.
        """
        lines = self.lines(_convolve(flat, self.luminance))
        opacity = torch.clamp(lines * (weight * (self.style.strength * amount)), 0, 1)
        opacity = _convolve(opacity, self.repeat)
        fills = flat if fills is None else fills
        return fills * (1 - opacity * (1 - self.style.tint)) + opacity * self._tone()


class _Darkness(nn.Module):
    """(G_wide - G_narrow) / (G_wide + 0.12) of a luminance in blocks."""

    def __init__(self, sigma: float, block: int, radius: int) -> None:
        super().__init__()
        narrow, wide = (gaussian_in_blocks(s, block, radius) for s in (sigma, sigma * WIDER))
        self.outputs = block * block
        self.register_buffer("both", torch.cat([wide - narrow, wide]), persistent=False)
        self.register_buffer(
            "select", torch.eye(2 * self.outputs)[:, :, None, None], persistent=False
        )

    def forward(self, luminance: Tensor) -> Tensor:
        assert isinstance(self.both, Tensor)
        assert isinstance(self.select, Tensor)
        count = self.outputs
        luminance = replicate_pad(luminance, self.both.shape[-1] // 2)
        if count >= BLOCK * BLOCK:
            difference = F.conv2d(luminance, self.both[:count])
            return difference / (F.conv2d(luminance, self.both[count:]) + 0.12)
        # Few outputs leave half of a vector register empty: blur once, then pick. Slicing
        # channels would cost more than these 1x1 convolutions.
        both = F.conv2d(luminance, self.both)
        difference = F.conv2d(both, self.select[:count])
        return difference / (F.conv2d(both, self.select[count:]) + 0.12)


def _convolve(picture: Tensor, kernel: Tensor | nn.Module) -> Tensor:
    assert isinstance(kernel, Tensor)
    border = kernel.shape[-1] // 2
    return F.conv2d(replicate_pad(picture, border) if border else picture, kernel)


def _ramp(darkness: Tensor, threshold: float, ramp: float) -> Tensor:
    return torch.clamp((darkness - threshold) / (ramp * threshold), 0, 1)
