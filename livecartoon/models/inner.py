"""The part of a student's picture path that is worth compiling for a CPU.

What stands around it moves bytes or works on every pixel of a full-size picture; libraries
made for pictures do that in a third of the time that a compiler for networks takes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import BLOCK
from livecartoon.models.student import Student

MIDDLE = 127.5
"""Of the levels."""


class MapsInBlocks(nn.Module):
    """The network alone, for those who draw at full size what it decided."""

    one: Tensor
    middle: Tensor
    levels: Tensor

    def __init__(self, student: Student) -> None:
        super().__init__()
        # Bfloat16 holds a level less the middle one exactly, but rounds a 255th of it: kernels that
        # take levels gain 7 dB there.
        self.generator = student.for_inputs(1 / MIDDLE)
        channels = 3 * BLOCK**2
        buffers = {
            "one": torch.ones(channels, 1, 1, 1),
            "middle": torch.full((channels,), -MIDDLE),
            "levels": torch.full((channels, 1, 1, 1), 2 * MIDDLE),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Photo (1, H/4, W/4*48) uint8 to gate 0..1, colour in levels, weight of the lines.

        All are (1, H/4, W/4, channels) float32; gate and colour have 48 channels, sub-pixel-major,
        lines one. The flat picture is gate * photo + colour.
        """
        # By depthwise convolutions: they leave the layout that others take as it is.
        channels = len(self.middle)
        centred = F.conv2d(_photo(blocks), self.one, self.middle, groups=channels)
        maps = self.generator.decide(centred)
        colour = F.conv2d(maps.colour(), self.levels, groups=channels)
        gate, colour, line = (m.permute(0, 2, 3, 1) for m in (maps.gate, colour, maps.line))
        return gate, colour, line


def _photo(blocks: Tensor) -> Tensor:
    """Rows of blocks (1, h, w*48) uint8 as (1, 48, h, w) float32.

    OpenVINO turns an input over in memory when the first thing done to it is a permutation;
    behind a change of shape the same permutation costs nothing.
    """
    n, h, width = blocks.shape
    channels = 3 * BLOCK**2
    return blocks.reshape(n, h, width // channels, channels).float().permute(0, 3, 1, 2)
