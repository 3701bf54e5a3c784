"""The weight-free style: edge-preserving smoothing, soft tone bands, ink lines."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import (
    BLOCK,
    enlarge_in_blocks,
    luminance_in_blocks,
    per_colour,
    replicate_pad,
)
from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.student import StudentMaps

EPSILON = 0.004
"""Variance of luminance that counts as half an edge."""
CLASSIC_INK = InkStyle(0.8, 0.03, 0.9, 0.8, 0.2)
CLASSIC_VERSION = "classic-4"
"""Stands where a trained style has the hash of its weights."""


class Classic(nn.Module):
    """A fast guided filter (He and Sun 2015) in the shape of a student's maps.

    A guided filter says for every pixel how much of it to keep beside the mean around it: just
    a gate and a base, so the whole picture path of the students serves this style too. Its
    coefficients are found at a quarter of the size, over windows of 3x3 blocks.
    """

    bands = 9
    """Steps of tone, softened."""

    def __init__(self) -> None:
        super().__init__()
        sub = BLOCK * BLOCK
        up = enlarge_in_blocks(BLOCK)
        buffers = {
            "luminance": luminance_in_blocks(),
            "block_mean": torch.full((1, sub, 1, 1), 1 / sub),
            "colour_mean": torch.eye(3).repeat(1, sub)[:, :, None, None] / sub,
            "enlarge": up.repeat_interleave(3, 0),
            "enlarge_colour": per_colour(up),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def maps(self, blocks: Tensor) -> StudentMaps:
        """Gate, base and line weights of a photo in blocks, as `Student.maps`."""
        luma = F.conv2d(blocks, self.luminance)  # type: ignore[arg-type]
        mean = _box(F.conv2d(luma, self.block_mean))  # type: ignore[arg-type]
        square = _box(F.conv2d(luma * luma, self.block_mean))  # type: ignore[arg-type]
        variance = torch.clamp(square - mean * mean, min=0)
        share = variance / (variance + EPSILON)
        base = _box(_box(F.conv2d(blocks, self.colour_mean)))  # type: ignore[arg-type]
        gate = F.conv2d(replicate_pad(_box(share)), self.enlarge)  # type: ignore[arg-type]
        base = F.conv2d(replicate_pad(base), self.enlarge_colour)  # type: ignore[arg-type]
        return StudentMaps(gate, base, torch.zeros_like(base), torch.ones_like(gate[:, :1]))


def soft_bands(tone: Tensor, count: int) -> Tensor:
    """Tones 0..1 drawn towards the middles of `count` steps, without hard contours."""
    place = tone * count
    middle = torch.floor(place) + 0.5
    return (middle + 0.5 * torch.tanh(4 * (place - middle)) / 0.964) / count


def _box(picture: Tensor) -> Tensor:
    """Mean over 3x3 blocks."""
    return F.avg_pool2d(replicate_pad(picture), 3, 1)
