"""The whole picture path of a paper's generator as one graph: uint8 frame in, uint8 cartoon out.

The counterpart of `StudentPicture` for networks that answer with a picture instead of maps.
Everything around them is here too: borders, reduction, the exposure guard, the live layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.blocks import LUMINANCE
from livecartoon.models.generator import MIN_SIDE, Generator
from livecartoon.models.guided import guided_map
from livecartoon.models.layers import check_layers, finished
from livecartoon.models.statistics import is_blind_to_exposure

GUARD = (4.0, 12.0)
"""Deviations of the luma, in levels, at which a generator begins to count and counts fully."""
TRANSFER_RADIUS = 1
TRANSFER_EPS = 1e-4
"""Variance of a colour 0..1 that counts as half an edge when the drawing is enlarged."""


class PaperPicture(nn.Module):
    """A generator with everything around it for frames of one size.

    `reduction` is how many times smaller than the frame the generator runs. Above 1, its
    drawing is enlarged and gets back what the small photo lacks of the large one, times the
    local gain that the generator gave the photo (a guided filter's slope): edges it kept
    become as sharp as the source's, texture it removed stays away. A guided filter alone
    loses the lines that the generator adds, the whole difference brings all texture back.
    The `ink` slider is ignored: such a generator draws its lines itself.
    """

    luma: Tensor
    memory_size = 0
    """Length of the memory that goes in and out with every frame, 0 = there is none."""
    levels_type: torch.dtype = torch.uint8
    """Of the answer; a float type leaves the truncation to whoever casts it."""

    def __init__(
        self,
        generator: Generator,
        size: tuple[int, int],
        reduction: int = 1,
        layers: tuple[str, ...] = (),
    ) -> None:
        """`size` is (height, width) of the frames, any from 1 on."""
        super().__init__()
        check_layers(layers)
        self.generator = generator
        self.height, self.width = size
        self.reduction = reduction
        self.layers = layers
        self.is_guarded = is_blind_to_exposure(generator)
        least = max(MIN_SIDE, generator.multiple)
        sides = [max(-(-side // reduction), least) for side in size]
        bottom, right = (n * reduction - side for n, side in zip(sides, size, strict=True))
        self.border = (0, right, 0, bottom)
        """To whole network pixels, and to what reflection needs: repeats the edge."""
        self.small_border = (0, -sides[1] % generator.multiple, 0, -sides[0] % generator.multiple)
        """To the generator's multiple: reflects, for a flat border would shift its norms."""
        self.register_buffer("luma", torch.tensor(LUMINANCE)[None, :, None, None], persistent=False)

    def forward(self, frame: Tensor, look: Tensor) -> Tensor:
        """(1, H, W, 3) uint8 RGB and (4,) float sliders to (1, H, W, 3) uint8 RGB."""
        photo = self.photo(frame, look)
        return self.finished(photo, self.cartoon(photo, self.reduced(photo)), look)

    def photo(self, frame: Tensor, look: Tensor) -> Tensor:
        """The frame as (1, 3, H', W') in 0..1 of the sliders' type, with its border."""
        photo = frame.permute(0, 3, 1, 2).to(look.dtype) * (1 / 255)
        return F.pad(photo, self.border, mode="replicate") if any(self.border) else photo

    def reduced(self, photo: Tensor) -> Tensor:
        """The photo at the generator's size."""
        return F.avg_pool2d(photo, self.reduction) if self.reduction > 1 else photo

    def cartoon(self, photo: Tensor, small: Tensor) -> Tensor:
        """What the generator draws, at the photo's size, unclamped."""
        drawn = self._drawn(small)
        if self.is_guarded:
            drawn = small + exposure_share(self._luma(small)) * (drawn - small)
        if self.reduction == 1:
            return drawn
        slope, _ = guided_map(small, drawn, TRANSFER_RADIUS, TRANSFER_EPS)
        gain = self._enlarged(torch.clamp(slope, 0, 1).to(photo.dtype))
        return self._enlarged(drawn) + gain * (photo - self._enlarged(small))

    def _enlarged(self, small: Tensor) -> Tensor:
        return F.interpolate(
            small, scale_factor=float(self.reduction), mode="bilinear", align_corners=False
        )

    def _drawn(self, small: Tensor) -> Tensor:
        height, width = small.shape[2:]
        padded = small * 2 - 1
        if any(self.small_border):
            padded = F.pad(padded, self.small_border, mode="reflect")
        drawn = self.generator.shown(padded)[:, :, :height, :width]
        return torch.clamp(drawn * 0.5 + 0.5, 0, 1)

    def finished(self, photo: Tensor, cartoon: Tensor, look: Tensor) -> Tensor:
        """Apply the live layers, cut the border off, turn into bytes."""
        drawn = torch.clamp(cartoon, 0, 1)
        levels = finished(drawn, photo, look, self.layers, self._luma, self.levels_type)
        return levels.permute(0, 2, 3, 1)[:, : self.height, : self.width]

    def _luma(self, picture: Tensor) -> Tensor:
        return (picture * self.luma).sum(1, keepdim=True)


def exposure_share(luma: Tensor) -> Tensor:
    """How far to trust a generator that is blind to exposure, 0..1, for luma (1, 1, H, W).

    Its norms stretch whatever comes to full contrast: without this, fades and dark rooms turn
    into coloured noise.
    """
    levels = luma.float() * 255
    low, high = GUARD
    deviation = torch.sqrt(levels.var((1, 2, 3), correction=0) + 1e-6)
    t = torch.clamp((deviation - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).to(luma.dtype)
