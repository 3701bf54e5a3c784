"""A colour table as a layer: from blocks to blocks, by eight look-ups a pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from livecartoon.models.cube import Lattice


class TableLayer(nn.Module):
    """Trilinear, with nothing but what every compiler has: gathers, products, sums."""

    def __init__(self, lattice: Lattice) -> None:
        super().__init__()
        self.size = len(lattice)
        nodes = torch.from_numpy(lattice.reshape(-1, 3).copy())
        self.register_buffer("nodes", nodes, persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Colours of (N, 3*b^2, h, w) in 0..1, sub-pixel-major, as the table has them."""
        n, channels, h, w = picture.shape
        # Places are found in float32: half a number has too few bits for a node and its share.
        places = picture.float().reshape(n, channels // 3, 3, h, w) * (self.size - 1)
        low = torch.clamp(torch.floor(places), 0, self.size - 2)
        shares = (places - low).to(picture.dtype)
        red, green, blue = low.to(torch.int64).unbind(2)
        first = (blue * self.size + green) * self.size + red
        found = self._corner(first, shares, 0)
        for corner in range(1, 8):
            found = found + self._corner(first, shares, corner)
        return found.permute(0, 1, 4, 2, 3).reshape(n, channels, h, w)

    def _corner(self, first: Tensor, shares: Tensor, corner: int) -> Tensor:
        """What one node of eight adds, (N, b^2, h, w, 3)."""
        assert isinstance(self.nodes, Tensor)
        steps = corner & 1, corner >> 1 & 1, corner >> 2
        offset = steps[0] + self.size * (steps[1] + self.size * steps[2])
        red, green, blue = (
            share if step else 1 - share
            for share, step in zip(shares.unbind(2), steps, strict=True)
        )
        return F.embedding(first + offset, self.nodes) * (red * green * blue)[..., None]
