"""The part of a student's picture path that is worth compiling for a CPU.

What stands around it moves bytes or works on every pixel of a full-size picture; libraries
made for pictures do that in a third of the time that a compiler for networks takes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import BLOCK
from livecartoon.models.picture import StudentPicture


class PictureInBlocks(nn.Module):
    """The picture path at the network's own size, from 4x4 blocks to 4x4 blocks."""

    def __init__(self, picture: StudentPicture) -> None:
        super().__init__()
        assert picture.reduction == 1
        self.picture = picture

    def forward(self, blocks: Tensor, look: Tensor) -> Tensor:
        """(1, H/4, W/4*48) uint8 and (4,) float32 sliders to (1, H/4, W/4, 48) uint8."""
        return self.picture.in_blocks(_photo(blocks), look).permute(0, 2, 3, 1)


class MapsInBlocks(nn.Module):
    """The network alone, for those who draw at full size what it decided."""

    def __init__(self, picture: StudentPicture) -> None:
        super().__init__()
        self.generator = picture.generator
        scale = torch.full((3 * BLOCK**2, 1, 1, 1), 1 / 255)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("levels", torch.full_like(scale, 255), persistent=False)

    def forward(self, blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Photo (1, H/4, W/4*48) uint8 to gate 0..1, colour in levels, weight of the lines.

        All are (1, H/4, W/4, channels) float32; gate and colour have 48 channels, sub-pixel-major,
        lines one. The flat picture is gate * photo + colour.
        """
        maps = self.generator.maps(self._scaled(_photo(blocks), self.scale))
        colour = self._scaled(maps.colour(), self.levels)
        gate, colour, line = (m.permute(0, 2, 3, 1) for m in (maps.gate, colour, maps.line))
        return gate, colour, line

    def _scaled(self, blocks: Tensor, factor: Tensor | nn.Module) -> Tensor:
        """A product as `StudentPicture.in_blocks` has it, in the layout that convolutions take."""
        return F.conv2d(blocks, factor, groups=blocks.shape[1])  # type: ignore[arg-type]


def _photo(blocks: Tensor) -> Tensor:
    """Rows of blocks (1, h, w*48) uint8 as (1, 48, h, w) float32.

    OpenVINO turns an input over in memory when the first thing done to it is a permutation;
    behind a change of shape the same permutation costs nothing.
    """
    n, h, width = blocks.shape
    channels = 3 * BLOCK**2
    return blocks.reshape(n, h, width // channels, channels).float().permute(0, 3, 1, 2)
