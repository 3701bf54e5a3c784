"""Critic of White-box Cartoonization, and of DEMAL's surfaces."""

from __future__ import annotations

from torch import Tensor, nn

from livecartoon.models.convs import leaky
from trainer.discriminators.spectral import bounded


class WhiteBoxDiscriminator(nn.Module):
    """Judges patches of 43 pixels: blurred pictures of 3 channels, or textures of 1."""

    def __init__(self, inputs: int = 3, outputs: int = 1, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential()
        for channels in (width, 2 * width, 4 * width):
            self.body.extend((bounded(inputs, channels, stride=2), leaky()))
            self.body.extend((bounded(channels, channels), leaky()))
            inputs = channels
        self.body.append(bounded(inputs, outputs, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """(N, inputs, H, W) in [-1, 1] in, logits (N, outputs, H/8, W/8) out."""
        logits: Tensor = self.body(picture)
        return logits
