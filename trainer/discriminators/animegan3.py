"""Critic of AnimeGANv3, once for gray support pictures and once for coloured main ones."""

from __future__ import annotations

from torch import Tensor, nn

from livecartoon.models.convs import leaky
from livecartoon.models.norms import AdaptiveNorm
from trainer.discriminators.spectral import bounded


class AnimeGAN3Discriminator(nn.Module):
    """Judges patches of 49 pixels; gray pictures come as three equal channels."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(bounded(3, width, 7, bias=False), leaky())
        for channels in (width, 2 * width, 4 * width):
            self.body.extend(_adapted(channels, channels, stride=2))
            self.body.extend(_adapted(channels, 2 * channels, stride=1))
        self.body.append(bounded(8 * width, 1, 1, bias=False))

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, logits (N, 1, H/8, W/8) out."""
        logits: Tensor = self.body(picture)
        return logits


def _adapted(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    norm = AdaptiveNorm(outputs)
    nn.utils.parametrizations.spectral_norm(norm.conv)
    return [bounded(inputs, outputs, stride=stride, bias=False), norm, leaky()]
