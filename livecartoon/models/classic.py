"""The weight-free style: edge-preserving smoothing, soft tone bands, ink lines."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import BLOCK, from_blocks, repeat_per_colour, to_blocks
from livecartoon.models.ink import InkStyle
from livecartoon.models.student import StudentMaps

RADII = (3, 7)
"""Pixels of the two guided filters, the second on the first one's result."""
EPSILON = 0.004
"""Variance of luminance that counts as half an edge."""
CLASSIC_INK = InkStyle(0.8, 0.03, 0.9, 0.6, 0.8, 0.2)
CLASSIC_VERSION = "classic-1"
"""Stands where a trained style has the hash of its weights."""


class Classic(nn.Module):
    """Guided filters (He et al. 2010) in the shape of a student's maps.

    A guided filter says for every pixel how much of it to keep and what to add: just a gate
    and a colour, so the whole picture path of the students serves this style too.
    """

    bands = 9
    """Steps of tone, softened."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("repeat", repeat_per_colour(), persistent=False)

    def maps(self, blocks: Tensor) -> StudentMaps:
        """Gate, colour and line weights of a photo in blocks, as `Student.maps`."""
        photo = from_blocks(blocks, BLOCK).permute(0, 3, 1, 2)
        gate = torch.ones_like(photo[:, :1])
        colour = torch.zeros_like(photo)
        smooth = photo
        for radius in RADII:
            keep, add = _guided(smooth, radius)
            gate, colour = keep * gate, keep * colour + add
            smooth = gate * photo + colour
        gate_blocks = to_blocks(gate.permute(0, 2, 3, 1), BLOCK)
        colour_blocks = to_blocks(colour.permute(0, 2, 3, 1), BLOCK)
        return StudentMaps(gate_blocks, colour_blocks, torch.ones_like(gate_blocks[:, :1]))

    def flat(self, maps: StudentMaps, blocks: Tensor) -> Tensor:
        """Smoothed picture in blocks, unclamped."""
        return self.for_colours(maps.gate) * blocks + maps.colour

    def for_colours(self, per_pixel: Tensor) -> Tensor:
        """(N, 16, h, w) to (N, 48, h, w)."""
        return F.conv2d(per_pixel, self.repeat)  # type: ignore[arg-type]


def soft_bands(tone: Tensor, count: int) -> Tensor:
    """Tones 0..1 drawn towards the middles of `count` steps, without hard contours."""
    place = tone * count
    middle = torch.floor(place) + 0.5
    return (middle + 0.5 * torch.tanh(4 * (place - middle)) / 0.964) / count


def _guided(picture: Tensor, radius: int) -> tuple[Tensor, Tensor]:
    """Kept share (N, 1, H, W) and added colour (N, 3, H, W), guided by luminance."""
    luma = 0.299 * picture[:, :1] + 0.587 * picture[:, 1:2] + 0.114 * picture[:, 2:]
    mean = _box(luma, radius)
    variance = torch.clamp(_box(luma * luma, radius) - mean * mean, min=0)
    share = variance / (variance + EPSILON)
    rest = (1 - share) * _box(picture, radius)
    return _box(share, radius), _box(rest, radius)


def _box(picture: Tensor, radius: int) -> Tensor:
    return F.avg_pool2d(picture, 2 * radius + 1, 1, radius, count_include_pad=False)
