"""The network alone, as a torch module to put into something else."""

import torch
from torch import Tensor, nn

from livecartoon.models.checkpoint import read_checkpoint
from livecartoon.models.load import load_student
from livecartoon.styles import find_style


class Cartoon(nn.Module):
    """Flat colours of a photo (N, 3, H, W) in 0..1, sides in multiples of `multiple`.

    Lines and sliders are drawn behind the network; take the Cartoonizer for those.
    """

    multiple = 8

    def __init__(self, style: str = "shinkai", tier: str = "small") -> None:
        super().__init__()
        self.student = load_student(read_checkpoint(find_style(style).files[tier]))

    def forward(self, photo: Tensor) -> Tensor:
        drawn = self.student(photo.permute(0, 2, 3, 1))
        return drawn.permute(0, 3, 1, 2).clamp(0, 1)


if __name__ == "__main__":
    print(Cartoon()(torch.rand(1, 3, 64, 96)).shape)
