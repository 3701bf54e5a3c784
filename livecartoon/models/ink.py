"""Fixed line layer: draws from the network's own flat picture what no averaging loss can."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import (
    BLOCK,
    gaussian_in_blocks,
    luminance_in_blocks,
    repeat_per_colour,
    replicate_pad,
)
from livecartoon.models.inkstyle import WIDER, InkStyle

_ALONG = tuple(f"along{i}" for i in range(4))


class Ink(nn.Module):
    """Relative difference of Gaussians, averaged along the line.

    u = (G_wide - G_narrow) / (G_wide + 0.12) is how much darker a pixel is than its
    surroundings; the division makes it blind to exposure. Its mean along the best of four
    directions closes gaps and leaves specks out: strokes instead of crumbs, as the flow-based
    difference of Gaussians has them (Kang et al. 2007), without a flow.
    """

    def __init__(self, style: InkStyle, block: int = BLOCK, scale: float = 1.0) -> None:
        """`block`: side of the sub-pixel block; `scale`: width of the lines, 1 = the style's."""
        super().__init__()
        self.style = style
        self.darkness = _Darkness(style.sigma * scale, block)
        buffers = {
            "luminance": luminance_in_blocks(block),
            "repeat": repeat_per_colour(block),
            "tone": torch.tensor(style.tone).repeat(block * block)[None, :, None, None],
        } | dict(zip(_ALONG, _strokes_in_blocks(block), strict=True))
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def lines(self, luminance: Tensor) -> Tensor:
        """Darkness 0..1 of the lines of a luminance picture, both (N, b^2, H/b, W/b)."""
        dark = self.darkness(luminance)
        across, down, falling, rising = (_convolve(dark, self.get_buffer(n)) for n in _ALONG)
        along = torch.maximum(torch.maximum(across, down), torch.maximum(falling, rising))
        threshold, ramp = self.style.threshold, self.style.ramp
        return torch.clamp((along - threshold) / (ramp * threshold), 0, 1)

    def forward(
        self,
        flat: Tensor,
        weight: Tensor,
        amount: Tensor | float = 1.0,
        fills: Tensor | None = None,
    ) -> Tensor:
        """Draw on a flat picture (N, 3*b^2, H/b, W/b) in 0..1.

        `weight` (N, 1 or b^2, H/b, W/b) scales the lines, `amount` all of them. With `fills`
        the lines found in `flat` are drawn on that picture.
        """
        lines = self.lines(_convolve(flat, self.luminance))
        opacity = torch.clamp(lines * (weight * (self.style.strength * amount)), 0, 1)
        opacity = _convolve(opacity, self.repeat)
        fills = flat if fills is None else fills
        return fills * (1 - opacity * (1 - self.style.tint)) + opacity * self._tone()

    def _tone(self) -> Tensor:
        assert isinstance(self.tone, Tensor)
        return self.tone


class _Darkness(nn.Module):
    """(G_wide - G_narrow) / (G_wide + 0.12) of a luminance in blocks."""

    def __init__(self, sigma: float, block: int) -> None:
        super().__init__()
        narrow, wide = (gaussian_in_blocks(s, block) for s in (sigma, sigma * WIDER))
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


def _strokes_in_blocks(block: int) -> list[Tensor]:
    """Means along a stroke across, down, falling and rising, as convolutions of the block form.

    Seven pixels long, five where they are diagonal. (b^2, b^2, k, l) float32 each.
    """
    kernels = []
    for step_y, step_x, reach in ((0, 1, 3), (1, 0, 3), (1, 1, 2), (-1, 1, 2)):
        high, wide = (math.ceil(reach * abs(step) / block) for step in (step_y, step_x))
        kernel = torch.zeros(block * block, block * block, 2 * high + 1, 2 * wide + 1)
        for y, x in itertools.product(range(block), repeat=2):
            for i in range(-reach, reach + 1):
                row, column = y + i * step_y, x + i * step_x
                inner = row % block * block + column % block
                place = high + row // block, wide + column // block
                kernel[y * block + x, inner, place[0], place[1]] = 1 / (2 * reach + 1)
        kernels.append(kernel)
    return kernels


def _convolve(picture: Tensor, kernel: Tensor | nn.Module) -> Tensor:
    assert isinstance(kernel, Tensor)
    high, wide = (side // 2 for side in kernel.shape[-2:])
    if high or wide:
        picture = F.pad(picture, (wide, wide, high, high), mode="replicate")
    return F.conv2d(picture, kernel)
