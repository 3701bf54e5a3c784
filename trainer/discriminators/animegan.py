"""Critic of AnimeGAN and AnimeGANv2: CartoonGAN's, spectrally normalised and without biases."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from livecartoon.models.convs import leaky
from livecartoon.models.norms import InstanceNorm, LayerNorm
from trainer.discriminators.spectral import bounded


class AnimeGANDiscriminator(nn.Module):
    """Judges patches of 37 pixels; instance norms in the first version, layer norms after."""

    def __init__(self, norm: Literal["instance", "layer"] = "layer", width: int = 32) -> None:
        super().__init__()
        w = width
        normed = InstanceNorm if norm == "instance" else LayerNorm
        self.body = nn.Sequential(
            bounded(3, w, bias=False),
            leaky(),
            bounded(w, 2 * w, stride=2, bias=False),
            leaky(),
            bounded(2 * w, 4 * w, bias=False),
            normed(4 * w),
            leaky(),
            bounded(4 * w, 4 * w, stride=2, bias=False),
            leaky(),
            bounded(4 * w, 8 * w, bias=False),
            normed(8 * w),
            leaky(),
            bounded(8 * w, 8 * w, bias=False),
            normed(8 * w),
            leaky(),
            bounded(8 * w, 1, bias=False),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, logits (N, 1, H/4, W/4) out."""
        logits: Tensor = self.body(picture)
        return logits
