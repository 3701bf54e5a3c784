"""The whole picture path of a student as one graph: uint8 frame in, uint8 cartoon out.

Around the network stand fixed layers: reduction to the size it runs at, transfer of its maps
to the full size, ink, grade, strength. They are part of the graph so that a backend
compiles them with the network and no float picture leaves it; OpenVINO compiles the network
alone (`models.inner`).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import (
    BLOCK,
    enlarge_in_blocks,
    from_blocks,
    luminance_in_blocks,
    per_colour,
    repeat_per_colour,
    replicate_pad,
    smaller_in_blocks,
    to_blocks,
)
from livecartoon.models.classic import soft_bands
from livecartoon.models.ink import Ink
from livecartoon.models.inkstyle import InkStyle, line_scale
from livecartoon.models.layers import check_layers, finished
from livecartoon.models.student import StudentMaps


class MapsGenerator(Protocol):
    """A generator that answers with maps: `Student`, `Classic`."""

    bands: int
    """Steps of tone to draw the flat picture towards, 0 = none."""

    def maps(self, blocks: Tensor) -> StudentMaps:
        """Decide for a photo in 4x4 blocks."""
        ...


STRIDE = 2 * BLOCK
"""The network's sides are multiples of this."""


class StudentPicture(nn.Module):
    """A student with everything around it for frames of one size.

    `reduction` is how many times smaller than the frame the network runs. Above 1 its gate
    and colour maps are enlarged and applied to the full-size photo, and the ink is drawn
    after that: edges stay as sharp as the source's, for elementwise cost only. The frame
    then lives in blocks of `reduction`, one per pixel of the network, so that reduction and
    enlargement are small convolutions and nothing is ever interleaved at full size.
    """

    memory_size = 0
    """It has no memory of earlier frames."""
    levels_type: torch.dtype = torch.uint8
    """Of the answer; a float type leaves the truncation to whoever casts it."""

    def __init__(
        self,
        generator: MapsGenerator,
        ink: InkStyle,
        size: tuple[int, int],
        reduction: int = 1,
        layers: tuple[str, ...] = (),
        table: nn.Module | None = None,
    ) -> None:
        """`size` is (height, width) of the frames; `table` grades the fills between the network
        and the lines.
        """
        super().__init__()
        check_layers(layers)
        self.generator = generator
        self.height, self.width = size
        self.reduction = reduction
        self.layers = layers
        self.table = table
        self.block = BLOCK if reduction == 1 else reduction
        self.ink = Ink(ink, self.block, line_scale(reduction))
        down, _ = smaller_in_blocks(self.block, self.block)
        buffers = {
            "luminance": luminance_in_blocks(self.block),
            "reduce": per_colour(down),
            "enlarge": per_colour(enlarge_in_blocks(self.block)),
            "repeat": repeat_per_colour(self.block),
            "spread": enlarge_in_blocks(BLOCK),
            "scale": torch.full((3 * self.block**2, 1, 1, 1), 1 / 255),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, frame: Tensor, look: Tensor) -> Tensor:
        """(1, H, W, 3) uint8 RGB and (4,) float32 sliders to (1, H, W, 3) uint8 RGB."""
        drawn = self.in_blocks(to_blocks(self._pad(frame), self.block), look)
        return from_blocks(drawn, self.block)[:, : self.height, : self.width]

    def in_blocks(self, levels: Tensor, look: Tensor) -> Tensor:
        """The same from blocks to blocks, (1, 3*b^2, H/b, W/b) uint8, the frame padded."""
        levels = levels.to(look.dtype)
        # Scaling by a depthwise convolution hands the picture over in the layout that
        # convolutions take; an elementwise product makes OpenVINO turn it over twice.
        photo = F.conv2d(levels, self.scale, groups=levels.shape[1])  # type: ignore[arg-type]
        flat, weight = self._flat(photo)
        flat = torch.clamp(flat, 0, 1)
        if self.generator.bands:
            luma = self._luma(flat)
            flat = flat + soft_bands(luma, self.generator.bands) - luma
        fills = None if self.table is None else self.table(flat)
        drawn = self.ink(flat, weight, look[0], fills)
        return finished(drawn, photo, look, self.layers, self._luma, self.levels_type)

    def _pad(self, frame: Tensor) -> Tensor:
        """Repeat the last row and column until the network's sides are multiples of 8."""
        multiple = STRIDE * self.reduction
        bottom, right = -self.height % multiple, -self.width % multiple
        if bottom:
            frame = torch.cat([frame, *[frame[:, -1:]] * bottom], 1)
        if right:
            frame = torch.cat([frame, *[frame[:, :, -1:]] * right], 2)
        return frame

    def _flat(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Flat picture in blocks and the weight of its lines, bilinear from one per 4x4 block."""
        if self.reduction == 1:
            maps = self.generator.maps(photo)
            weight = F.conv2d(replicate_pad(maps.line), self.spread)  # type: ignore[arg-type]
            return maps.flat(photo), weight
        small = F.conv2d(photo, self.reduce)  # type: ignore[arg-type]
        small = torch.floor(small * 255 + 0.5) / 255  # a photo in whole levels, as in training
        maps = self.generator.maps(to_blocks(small.permute(0, 2, 3, 1), BLOCK))
        gate, colour = (
            F.conv2d(replicate_pad(from_blocks(low, BLOCK).permute(0, 3, 1, 2)), self.enlarge)  # type: ignore[arg-type]
            for low in (maps.gate, maps.colour())
        )
        weight = from_blocks(F.conv2d(replicate_pad(maps.line), self.spread), BLOCK)  # type: ignore[arg-type]
        weight = weight.permute(0, 3, 1, 2)
        return gate * photo + colour, weight

    def _luma(self, picture: Tensor) -> Tensor:
        luma = F.conv2d(picture, self.luminance)  # type: ignore[arg-type]
        return F.conv2d(luma, self.repeat)  # type: ignore[arg-type]
