"""What all the papers' generators have in common."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

MIN_SIDE = 16


class Generator(nn.Module):
    """A network from photo to cartoon, both (N, 3, H, W) RGB in [-1, 1] (nominally)."""

    multiple: ClassVar[int] = 4
    """H and W that `forward` takes; `paint` takes any."""
    config_type: ClassVar[type[Any]]
    config: Any

    def shown(self, photo: Tensor) -> Tensor:
        """What users see: the same shapes as `forward`, but for parts that are not trained."""
        cartoon: Tensor = self(photo)
        return cartoon

    def config_dict(self) -> dict[str, Any]:
        """The configuration as stored in a weights file."""
        return asdict(self.config)


class Painter(nn.Module):
    """A generator for one size of any height and width from 16 on, ready for export.

    The border to the generator's multiple is reflected, right and below: black bars would
    change the statistics, hence the colours, of the whole picture.
    """

    def __init__(self, generator: Generator, height: int, width: int) -> None:
        super().__init__()
        if min(height, width) < MIN_SIDE:
            raise ValueError(f"{width}x{height} is smaller than {MIN_SIDE}x{MIN_SIDE}")
        self.generator = generator
        self.height, self.width = height, width
        multiple = generator.multiple
        self.border = (0, -width % multiple, 0, -height % multiple)

    def forward(self, photo: Tensor) -> Tensor:
        """(N, 3, height, width) in [-1, 1] in and out."""
        if any(self.border):
            photo = F.pad(photo, self.border, mode="reflect")
        cartoon = self.generator.shown(photo)
        return cartoon[:, :, : self.height, : self.width]


def paint(generator: Generator, photo: Tensor) -> Tensor:
    """Run a generator on a photo of any size from 16 x 16 on; the cartoon has the same size."""
    cartoon: Tensor = Painter(generator, photo.shape[2], photo.shape[3])(photo)
    return cartoon


@torch.no_grad()
def fold(module: nn.Module) -> nn.Module:
    """Make a trained network ready for inference, in place: same answers in eval mode.

    Spectral norms become plain weights, and every part with a `fold` of its own drops what
    only training needs. Returns the module, in eval mode, without gradients.
    """
    module.eval()
    for part in list(module.modules()):
        for name in list(getattr(part, "parametrizations", {})):
            parametrize.remove_parametrizations(part, name, leave_parametrized=True)
    for part in list(module.modules()):
        own = getattr(part, "fold", None)
        if callable(own):
            own()
    return module.requires_grad_(False)
