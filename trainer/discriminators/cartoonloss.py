"""Critic of CartoonLossGAN: a head on the encoder that the generator borrows."""

from __future__ import annotations

from torch import Tensor, nn

from livecartoon.models.cartoonloss import SharedEncoder
from livecartoon.models.convs import leaky
from livecartoon.models.norms import LayerNorm
from trainer.discriminators.spectral import bounded


class CartoonLossHead(nn.Module):
    """From the shared encoder's features to logits."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(
            bounded(4 * w, 8 * w, bias=False),
            LayerNorm(8 * w),
            leaky(),
            bounded(8 * w, 8 * w, bias=False),
            LayerNorm(8 * w),
            leaky(),
            bounded(8 * w, 1, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, 4 * width, h, w) in, logits (N, 1, h, w) out."""
        logits: Tensor = self.body(features)
        return logits


class CartoonLossDiscriminator(nn.Module):
    """Encoder and head; layer for layer AnimeGANv2's critic.

    Pass the generator's encoder: it learns here, in the critic's step, and nowhere else.
    """

    def __init__(self, encoder: SharedEncoder | None = None, width: int = 32) -> None:
        super().__init__()
        self.encoder = encoder or SharedEncoder(width)
        self.head = CartoonLossHead(width)

    def forward(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] in, logits (N, 1, H/4, W/4) out."""
        logits: Tensor = self.head(self.encoder(picture))
        return logits
