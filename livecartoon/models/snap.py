"""The pixel-art vote on tensors, for pictures that are on a GPU already."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BIN_BITS = 5


class SnapVote(nn.Module):
    """Palette index of every cell of uint8 RGB frames, as the NumPy finish finds it.

    `table` is the finish's lookup table (32768,), `voters` the flat indices of the pixels that
    vote and `cells` the cell of each, `count` the number of cells, `palette` (k, 3) uint8.
    """

    table: Tensor
    voters: Tensor
    cells: Tensor
    sizes: Tensor
    palette: Tensor

    def __init__(
        self, table: Tensor, voters: Tensor, cells: Tensor, count: int, palette: Tensor
    ) -> None:
        super().__init__()
        self.count = count
        self.register_buffer("table", table.long())
        self.register_buffer("voters", voters)
        self.register_buffer("cells", cells)
        self.register_buffer("sizes", torch.bincount(cells, minlength=count).float())
        self.register_buffer("palette", palette)

    def shares(self, picture: Tensor) -> Tensor:
        """(cells, k) float32: share of each cell's voters with each colour of (H, W, 3) uint8."""
        red, green, blue = (picture.reshape(-1, 3)[self.voters].long() >> (8 - BIN_BITS)).unbind(1)
        index = self.table[(red << 2 * BIN_BITS) | (green << BIN_BITS) | blue]
        colours = len(self.palette)
        votes = torch.zeros(self.count * colours, device=picture.device)
        votes.scatter_add_(
            0, self.cells * colours + index, torch.ones_like(index, dtype=votes.dtype)
        )
        return votes.view(self.count, colours) / self.sizes[:, None]

    def forward(self, picture: Tensor) -> Tensor:
        """Return the winner (cells,) int64 of one frame; of equal shares the lowest index."""
        shares = self.shares(picture)
        # argmax alone may name any of the equals.
        is_best = shares == shares.max(1, keepdim=True).values
        return is_best.to(torch.uint8).cumsum(1).eq(1).logical_and(is_best).long().argmax(1)
