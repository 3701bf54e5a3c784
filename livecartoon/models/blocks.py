"""Layers that several generators share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK = 4
"""Side of the sub-pixel block: students work on pictures pixel-unshuffled by this factor."""
LUMINANCE = (0.299, 0.587, 0.114)
"""BT.601 weights of R, G and B."""


class RepConv(nn.Module):
    """3x3 convolution that trains as 3x3 + 1x1 + identity and runs as one 3x3 after `fuse`.

    The parallel branches ease optimisation and cost nothing at run time, because all three
    are linear: RepVGG (Ding et al. 2021), without its batch norms, which flicker on video.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.point: nn.Conv2d | None = nn.Conv2d(inputs, outputs, 1, stride, 0, bias=False)
        self.has_identity = inputs == outputs and stride == 1

    def kernel(self) -> Tensor:
        """(outputs, inputs, 3, 3): the branches as one kernel."""
        weight = self.conv.weight
        if self.point is None:
            return weight
        weight = weight + F.pad(self.point.weight, (1, 1, 1, 1))
        if self.has_identity:
            middle = torch.zeros_like(weight)
            middle[:, :, 1, 1].fill_diagonal_(1.0)
            weight = weight + middle
        return weight

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, ReLU of the sum of the branches out."""
        if self.point is None:
            return F.relu(self.conv(features))
        # Adding up kernels is far less work than adding up pictures.
        return F.relu(F.conv2d(features, self.kernel(), self.conv.bias, self.conv.stride, 1))

    @torch.no_grad()
    def fuse(self) -> None:
        """Fold the branches into the 3x3 kernel; a second call does nothing."""
        self.conv.weight.copy_(self.kernel())
        self.point = None


def gaussian_in_blocks(sigma: float, block: int = BLOCK, radius: int = 4, step: int = 1) -> Tensor:
    """A Gaussian blur of one channel as a convolution of its block form.

    Returns (block^2, (block/step)^2, k, k) float32 with the odd k that reaches `radius`
    pixels, where the kernel is cut; every output's weights sum to 1. With `step` > 1 the
    input is the step x step means of the picture, the output still every pixel.
    """
    reach = math.ceil(radius / block)
    target = torch.arange(block).float()
    inner = torch.arange(block // step) * step + (step - 1) / 2
    neighbour = torch.arange(-reach, reach + 1)
    # offset[o, k, i]: pixels from output sub-pixel o to the centre of input i of neighbour k
    offset = neighbour[None, :, None] * block + inner[None, None, :] - target[:, None, None]
    line = torch.exp(-(offset**2) / (2 * sigma**2)) * (offset.abs() <= radius + (step - 1) / 2)
    kernel = torch.einsum("akc,bld->abcdkl", line, line)
    kernel = kernel.reshape(block * block, (block // step) ** 2, 2 * reach + 1, 2 * reach + 1)
    return kernel / kernel.sum((1, 2, 3), keepdim=True)


def enlarge_in_blocks(factor: int) -> Tensor:
    """Bilinear enlargement of one channel, pixel centres aligned, as a convolution.

    Returns (factor^2, 1, 3, 3) float32: output channel = sub-pixel of the enlarged picture.
    """
    centre = (torch.arange(factor) + 0.5) / factor - 0.5
    tap = torch.arange(-1, 2)
    line = torch.clamp(1 - (centre[:, None] - tap[None, :]).abs(), min=0)
    return torch.einsum("ak,bl->abkl", line, line).reshape(factor * factor, 1, 3, 3)


def per_colour(kernel: Tensor, colours: int = 3) -> Tensor:
    """Apply a one-channel kernel to each colour of a picture in blocks.

    (outputs, inputs, k, k) to (outputs*colours, inputs*colours, k, k), sub-pixel-major.
    """
    outputs, inputs, height, width = kernel.shape
    eye = torch.eye(colours)
    spread = torch.einsum("oihw,cd->ocidhw", kernel, eye)
    return spread.reshape(outputs * colours, inputs * colours, height, width)


def repeat_per_colour(block: int = BLOCK) -> Tensor:
    """1x1 kernel from one channel in blocks to the same value for three colours."""
    return torch.eye(block * block).repeat_interleave(3, 0)[:, :, None, None]


def luminance_in_blocks(block: int = BLOCK) -> Tensor:
    """BT.601 luminance of an RGB picture in blocks as a 1x1 kernel (block^2, 3*block^2, 1, 1)."""
    weights = torch.tensor(LUMINANCE)
    return torch.einsum("oi,c->oic", torch.eye(block * block), weights).reshape(
        block * block, 3 * block * block, 1, 1
    )


def replicate_pad(picture: Tensor, border: int = 1) -> Tensor:
    """Repeat the edge `border` times on all four sides of (N, C, H, W)."""
    return F.pad(picture, (border, border, border, border), mode="replicate")


def smaller_in_blocks(block: int, step: int) -> tuple[Tensor, Tensor]:
    """1x1 kernels between a channel in blocks and its form `step` times smaller.

    Returns the step x step mean ((block/step)^2, block^2, 1, 1) and the nearest
    enlargement back.
    """
    side = block // step
    down = torch.zeros(side * side, block * block)
    for y in range(block):
        for x in range(block):
            down[(y // step) * side + x // step, y * block + x] = 1 / (step * step)
    up = (down.t() > 0).float()
    return down[:, :, None, None], up[:, :, None, None]


def to_blocks(frame: Tensor, block: int) -> Tensor:
    """(N, H, W, C) of any dtype to (N, block^2*C, H/block, W/block), sub-pixel-major.

    The order of channels is (row, column, colour) of the block, so that whole runs of bytes
    move together and the result is already channels-last: on a CPU this costs a third of
    `pixel_unshuffle`'s colour-major order.
    """
    n, height, width, colours = frame.shape
    h, w = height // block, width // block
    grid = frame.reshape(n, h, block, w, block * colours).permute(0, 1, 3, 2, 4)
    return grid.reshape(n, h, w, block * block * colours).permute(0, 3, 1, 2)


def from_blocks(blocks: Tensor, block: int) -> Tensor:
    """The inverse of `to_blocks`: (N, block^2*C, h, w) to (N, h*block, w*block, C)."""
    n, channels, h, w = blocks.shape
    colours = channels // (block * block)
    grid = blocks.permute(0, 2, 3, 1).reshape(n, h, w, block, block * colours)
    return grid.permute(0, 1, 3, 2, 4).reshape(n, h * block, w * block, colours)


def count_macs(kernels: list[tuple[nn.Conv2d, int]]) -> int:
    """Multiply-accumulates of convolutions, each given with its number of output positions."""
    return sum(
        positions
        * conv.out_channels
        * conv.in_channels
        // conv.groups
        * math.prod(conv.kernel_size)
        for conv, positions in kernels
    )
