"""The picture path of a paper's generator with the running statistics of a clip."""

from __future__ import annotations

import torch
from torch import Tensor

from livecartoon.models.generator import Generator
from livecartoon.models.paper_picture import PaperPicture
from livecartoon.models.statistics import put_running

SHARE = 0.1
"""Of each frame in the running moments: the memory of ten frames."""
ROWS, COLUMNS = 36, 64
_THUMBNAIL = ROWS * COLUMNS


class ClipPicture(PaperPicture):
    """`PaperPicture` for `norm = ema-inputs`.

    The graph itself keeps nothing: a memory goes in with every frame, zeros before the first,
    and comes out with the cartoon. It holds whether there was a frame, the frame's thumbnail
    and the moments. They are forgotten at cuts and jumps of brightness, by the rule of the
    anti-flicker filter (`livecartoon.temporal.scenecut`).
    """

    down: Tensor
    across: Tensor

    def __init__(
        self,
        generator: Generator,
        size: tuple[int, int],
        reduction: int = 1,
        layers: tuple[str, ...] = (),
    ) -> None:
        """`size` is (height, width) of the frames; the generator's norms are replaced."""
        super().__init__(generator, size, reduction, layers)
        ledger, length = put_running(generator)
        self._ledgers = (ledger,)
        self.memory_size = 1 + _THUMBNAIL + length
        height = (self.height + self.border[3]) // reduction
        width = (self.width + self.border[1]) // reduction
        self.register_buffer("down", _area_means(height, ROWS), persistent=False)
        self.register_buffer("across", _area_means(width, COLUMNS).t(), persistent=False)

    def forward(  # type: ignore[override]  # one more in, one more out
        self, frame: Tensor, look: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As `PaperPicture`, with the float32 memory (memory_size,) in and out."""
        photo = self.photo(frame, look)
        small = self.reduced(photo)
        levels = self._luma(small)[0, 0].float() * 255
        now = (self.down.float() @ levels @ self.across.float()).flatten()
        forget = torch.maximum(1 - memory[0], _is_break(now, memory[1 : 1 + _THUMBNAIL]))
        (ledger,) = self._ledgers
        ledger.before = memory[1 + _THUMBNAIL :]
        ledger.share = forget + (1 - forget) * SHARE
        ledger.after = {}
        cartoon = self.cartoon(photo, small)
        moments = [ledger.after[start] for start in sorted(ledger.after)]
        after = torch.cat([torch.ones_like(memory[:1]), now, *moments])
        ledger.before, ledger.after = None, {}
        return self.finished(photo, cartoon, look), after


def _is_break(now: Tensor, before: Tensor) -> Tensor:
    """1 if a thumbnail is another picture's or jumped in brightness, else 0."""
    mean_now, mean = now.mean(), before.mean()
    a, b = now - mean_now, before - mean
    correlation = (a * b).sum() / torch.sqrt((a * a).sum() * (b * b).sum() + 1e-3)
    is_cut = ((now - before).abs().mean() > 4).float() * (correlation < 0.5).float()
    is_jump = ((mean_now - mean).abs() > 6 + 0.12 * mean).float()
    return torch.maximum(is_cut, is_jump)


def _area_means(pixels: int, cells: int) -> Tensor:
    """(cells, pixels): every row averages a cell's share of the pixels."""
    edges = torch.linspace(0, pixels, cells + 1, dtype=torch.float64)
    place = torch.arange(pixels, dtype=torch.float64)
    right = torch.minimum(edges[1:, None], place + 1)
    left = torch.maximum(edges[:-1, None], place)
    shares = torch.clamp(right - left, min=0)
    return (shares / shares.sum(1, keepdim=True)).float()
