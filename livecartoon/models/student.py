"""Our own generator: a few small convolutions that decide how far to paint over the photo."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import (
    BLOCK,
    LUMINANCE,
    RepConv,
    enlarge_in_blocks,
    from_blocks,
    gaussian_in_blocks,
    repeat_per_colour,
    replicate_pad,
    smaller_in_blocks,
    to_blocks,
)

SUB = BLOCK * BLOCK
BLUR_SIGMA = 2.0
"""Pixels; a closed gate shows the photo blurred by this much, so closing it already flattens."""


@dataclass(frozen=True, slots=True)
class StudentConfig:
    """Widths and depths; the ladder's entries are `STUDENTS`."""

    channels: int = 24
    """At 1/4 of the size."""
    channels_eighth: int = 64
    """At 1/8 of the size."""
    blocks_in: int = 1
    blocks_eighth: int = 3
    blocks_out: int = 1
    head_kernel: int = 1
    head_channels: int = 0
    """What the heads see, 0 = `channels`: the rank of all that they can paint in a block."""

    def __post_init__(self) -> None:
        limits = {
            "channels": (8, 256),
            "channels_eighth": (8, 512),
            "blocks_in": (0, 16),
            "blocks_eighth": (1, 32),
            "blocks_out": (1 if self.head_channels else 0, 16),
            "head_channels": (0, 512),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not (isinstance(value, int) and low <= value <= high):
                raise ValueError(f"{name} {value} is outside {low}..{high}")
        if self.head_kernel not in (1, 3):
            raise ValueError(f"head_kernel {self.head_kernel} is neither 1 nor 3")


STUDENTS: dict[str, StudentConfig] = {
    "nano": StudentConfig(16, 32, 0, 3, 1, 1, 64),
    "small": StudentConfig(24, 64, 1, 3, 1, 1, 64),
    "base": StudentConfig(48, 96, 2, 6, 2, 1, 96),
    "large": StudentConfig(64, 128, 3, 8, 3, 1, 128),
}


def _soft_base() -> tuple[Tensor, Tensor]:
    """Kernels of the blur: (6, 48, 1, 1) to luminance and colour, (48, 6, 3, 3) back.

    Luminance is blurred from its 2x2 means, R-Y and B-Y from those of whole blocks: beside the
    full blur of three colours neither is seen, and it takes a quarter of the work.
    """
    luminance = torch.tensor(LUMINANCE)
    halve, _ = smaller_in_blocks(BLOCK, 2)
    whole, _ = smaller_in_blocks(BLOCK, BLOCK)
    reduce = torch.zeros(6, SUB, 3)
    reduce[:4] = halve[:, :, 0, 0, None] * luminance
    blur = torch.zeros(SUB, 3, 6, 3, 3)
    blur[:, :, :4] = gaussian_in_blocks(BLUR_SIGMA, BLOCK, BLOCK, 2)[:, None]
    enlarge = enlarge_in_blocks(BLOCK)[:, 0]
    for channel, colour in ((4, 0), (5, 2)):
        difference = torch.eye(3)[colour] - luminance
        reduce[channel] = whole[0, :, 0, 0, None] * difference
        blur[:, colour, channel] = enlarge
        blur[:, 1, channel] = -luminance[colour] / luminance[1] * enlarge
    return reduce.reshape(6, 3 * SUB, 1, 1), blur.reshape(3 * SUB, 6, 3, 3)


class StudentMaps(NamedTuple):
    """What the network decides; base + gate * (photo - base) + added is the flat picture."""

    gate: Tensor
    """(N, 48, H/4, W/4), 0..1: how much of the photo stays; the same for the three colours."""
    base: Tensor
    """(N, 48, H/4, W/4): what shows where the gate is closed, sub-pixel-major."""
    added: Tensor
    """(N, 48, H/4, W/4): what is painted on top."""
    line: Tensor
    """(N, 1, H/4, W/4), 0..2: weight of the ink lines, per block."""

    def flat(self, blocks: Tensor) -> Tensor:
        """Flat picture in blocks (N, 48, H/4, W/4), unclamped, of the photo in blocks."""
        return self.base + self.gate * (blocks - self.base) + self.added

    def colour(self) -> Tensor:
        """What is painted in all, (N, 48, H/4, W/4): the flat picture is gate * photo + colour."""
        return self.base - self.gate * self.base + self.added


class Student(nn.Module):
    """Gate-blur generator of the ladder: out = b + g (x - b) + r, b = Gaussian blur of x.

    Multiplying the photo away is one number per pixel, predicting the negative of every
    texture would be three: that is why so small a network gets flat fills. Everything lives
    in the 4x4 sub-pixel space, there is no convolution at full size and no normalisation
    whose statistics could pump on video.
    """

    bands = 0
    """The tones are the network's own."""
    reduce: Tensor
    blur: Tensor
    middle: Tensor
    repeat: Tensor

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        c, c8 = config.channels, config.channels_eighth
        self.stem = RepConv(3 * SUB, c)
        self.quarter_in = nn.Sequential(*(RepConv(c, c) for _ in range(config.blocks_in)))
        self.down = RepConv(c, c8, stride=2)
        self.eighth = nn.Sequential(*(RepConv(c8, c8) for _ in range(config.blocks_eighth)))
        self.up = nn.Conv2d(c8, c, 1)
        # A head can paint no more patterns into a block's 16 pixels than it has inputs. Wider
        # ones cost the last block alone and sharpen more than wider blocks before it.
        head_channels = config.head_channels or c
        widths = [*[c] * config.blocks_out, head_channels]
        self.quarter_out = nn.Sequential(*(RepConv(*pair) for pair in pairwise(widths)))
        c, kernel = head_channels, config.head_kernel
        # Three heads, not one and a split: slicing channels costs a sixth of the frame on a CPU.
        self.gate = nn.Conv2d(c, SUB, kernel, 1, kernel // 2)
        self.colour = nn.Conv2d(c, 3 * SUB, kernel, 1, kernel // 2)
        self.line = nn.Conv2d(c, 1, kernel, 1, kernel // 2)
        with torch.no_grad():
            for head in (self.gate, self.colour, self.line):
                head.weight.mul_(0.1)  # starts as the half-blurred photo, not as noise
                torch.nn.init.zeros_(head.bias)  # type: ignore[arg-type]  # it has one
        reduce, blur = _soft_base()
        middle = torch.full((3 * SUB,), 0.5)
        buffers = {"reduce": reduce, "blur": blur / 2, "middle": middle}
        buffers["repeat"] = repeat_per_colour()
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def maps(self, blocks: Tensor) -> StudentMaps:
        """Decide for a photo in 4x4 blocks (N, 48, H/4, W/4), 0..1; H and W multiples of 8."""
        return self.decide(blocks * 2 - 1)

    def decide(self, centred: Tensor) -> StudentMaps:
        """The same for a photo in -1..1, (N, 48, H/4, W/4)."""
        quarter = self.quarter_in(self.stem(centred))
        deep = self.up(self.eighth(self.down(quarter)))
        deep = F.interpolate(deep, scale_factor=2.0, mode="nearest")
        features = self.quarter_out(F.relu(quarter + deep))
        gate = self._gate_per_colour(features)
        line = 2 * torch.sigmoid(self.line(features))
        return StudentMaps(gate, self._blurred(centred), self.colour(features), line)

    def _gate_per_colour(self, features: Tensor) -> Tensor:
        if self.config.head_kernel != 1:
            return F.conv2d(torch.sigmoid(self.gate(features)), self.repeat)
        # One gate per pixel, answered three times: cheaper than spreading the answer.
        assert self.gate.bias is not None
        weight, bias = (p.repeat_interleave(3, 0) for p in (self.gate.weight, self.gate.bias))
        return torch.sigmoid(F.conv2d(features, weight, bias))

    def _blurred(self, centred: Tensor) -> Tensor:
        """The blurred photo in 0..1."""
        reduced = F.conv2d(centred, self.reduce)
        return F.conv2d(replicate_pad(reduced), self.blur, self.middle)

    def forward(self, photo: Tensor) -> Tensor:
        """Flat picture (N, H, W, 3) of a photo (N, H, W, 3) in 0..1, unclamped, before any ink."""
        blocks = to_blocks(photo, BLOCK)
        return from_blocks(self.maps(blocks).flat(blocks), BLOCK)

    def fuse(self) -> Student:
        """Fold the training branches away, for inference; returns itself."""
        for module in self.modules():
            if isinstance(module, RepConv):
                module.fuse()
        return self

    @torch.no_grad()
    def for_inputs(self, scale: float) -> Student:
        """A copy of a fused one whose `decide` takes a photo `1 / scale` times as large."""
        assert self.stem.point is None, "not fused: its branches would not be scaled"
        copy = deepcopy(self)
        copy.stem.conv.weight.mul_(scale)
        copy.reduce.mul_(scale)
        return copy

    def config_dict(self) -> dict[str, int]:
        """The configuration as stored in a weights file."""
        return asdict(self.config)
