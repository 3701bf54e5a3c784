"""PixelCycleGAN's nested U-Net (UNet++, Zhou et al. 2018), at widths that can run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.convs import Layers
from livecartoon.models.cyclegan import with_input
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceNorm


@dataclass(frozen=True, slots=True)
class NestedUNetConfig:
    """Widths per level, the full size first; `light` by default."""

    widths: tuple[int, ...] = (16, 32, 64, 128)
    deep_supervision: bool = False
    """A head per depth: trains all of them and makes the depth a speed knob."""
    input_skip: bool = True
    skip_cell: int = 1
    """The skip carries means of squares of that many pixels: colours without the detail, which
    the heads cannot take away, for the norms hide how strong it is. 1 = every pixel."""
    cell: int = 1
    """Pixel art: every square of that many pixels is painted with the mean of what is drawn."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))  # a list when read from JSON
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"widths {self.widths} are not two or more positive numbers")
        if min(self.skip_cell, self.cell) < 1:
            raise ValueError(f"skip_cell {self.skip_cell} or cell {self.cell} is below 1")

    @property
    def depth(self) -> int:
        """Levels below the full size."""
        return len(self.widths) - 1


class NestedUNet(Generator):
    """X[i, j] sees every earlier node of its level and the enlarged node below it."""

    config_type = NestedUNetConfig

    def __init__(self, config: NestedUNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NestedUNetConfig()
        self.multiple = math.lcm(2**config.depth, config.skip_cell, config.cell)  # type: ignore[misc]  # depends on the configuration
        widths, depth = config.widths, config.depth
        self.pool = nn.MaxPool2d(2)
        self.nodes = nn.ModuleDict()
        for i, width in enumerate(widths):
            self.nodes[f"{i}_0"] = _node(widths[i - 1] if i else 3, width)
            for j in range(1, depth - i + 1):
                self.nodes[f"{i}_{j}"] = _node(j * width + widths[i + 1], width)
        depths = range(1, depth + 1) if config.deep_supervision else (depth,)
        self.heads = nn.ModuleDict({str(j): nn.Conv2d(widths[0], 3, 1) for j in depths})

    def forward(self, photo: Tensor, depth: int | None = None) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in and out, H and W multiples of `multiple`.

        A smaller `depth` is faster; it needs deep supervision.
        """
        depth = self.config.depth if depth is None else depth
        if str(depth) not in self.heads:
            raise ValueError(f"no head at depth {depth}, only at {', '.join(self.heads)}")
        return self._picture(photo, self._top_level(photo, depth), depth)

    def supervised(self, photo: Tensor) -> list[Tensor]:
        """The pictures of all heads, the shallowest first, for training."""
        top = self._top_level(photo, self.config.depth)
        return [self._picture(photo, top, int(name)) for name in self.heads]

    def at_depth(self, depth: int) -> NestedUNet:
        """A smaller network that draws what this one draws at `depth`, and nothing else."""
        if str(depth) not in self.heads:
            raise ValueError(f"no head at depth {depth}, only at {', '.join(self.heads)}")
        widths = self.config.widths[: depth + 1]
        smaller = NestedUNet(replace(self.config, widths=widths, deep_supervision=False))
        own = self.state_dict()
        smaller.load_state_dict({name: own[name] for name in smaller.state_dict()})
        return smaller.train(self.training)

    def _picture(self, photo: Tensor, top: list[Tensor], depth: int) -> Tensor:
        config = self.config
        drawn = torch.tanh(self.heads[str(depth)](top[depth]))
        if config.input_skip:
            drawn = with_input(drawn, in_cells(photo, config.skip_cell), self.training)
        return in_cells(drawn, config.cell)

    def _top_level(self, photo: Tensor, depth: int) -> list[Tensor]:
        """Nodes X[0, 0..depth], built along the diagonals that `depth` needs."""
        rows: list[list[Tensor]] = []
        below = photo
        for i in range(depth + 1):
            below = self.nodes[f"{i}_0"](self.pool(below) if i else below)
            rows.append([below])
            for j in range(1, i + 1):
                row, lower = rows[i - j], rows[i - j + 1][j - 1]
                larger = F.interpolate(lower, scale_factor=2.0, mode="nearest")
                row.append(self.nodes[f"{i - j}_{j}"](torch.cat([*row, larger], 1)))
        return rows[0]


def in_cells(picture: Tensor, cell: int) -> Tensor:
    """Means of squares of `cell` pixels of (N, C, H, W), each painted over its square."""
    if cell == 1:
        return picture
    return F.interpolate(F.avg_pool2d(picture, cell), scale_factor=float(cell), mode="nearest")


def _node(inputs: int, outputs: int) -> nn.Sequential:
    layers = Layers(partial(InstanceNorm, affine=False), bias=True, pad="zeros")
    return nn.Sequential(*layers.block(inputs, outputs), *layers.block(outputs, outputs))
