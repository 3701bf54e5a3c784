"""NICE-GAN's critic, whose front is the other domain's encoder (Chen et al., CVPR 2020)."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from livecartoon.models.convs import leaky


class NICELogits(NamedTuple):
    """Verdicts on patches of 70 and of 286 pixels, and on the whole picture."""

    local: Tensor
    wide: Tensor
    attention: Tensor
    """(N, 1)."""


class NICEEncoder(nn.Module):
    """Shared front with class-activation attention, learnt in the critic's step only."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(
            *_bounded(3, w, stride=2), leaky(), *_bounded(w, 2 * w, stride=2), leaky()
        )
        self.attention = cast(nn.Linear, spectral_norm(nn.Linear(4 * w, 1, bias=False)))
        self.mix = nn.Conv2d(4 * w, 2 * w, 1)
        self.share = nn.Parameter(torch.zeros(1))
        self.activation = leaky()

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) in; code (N, 2 * width, H/4, W/4) and attention logit (N, 1) out."""
        features = self.body(picture)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        logit = self.attention(pooled)
        doubled = torch.cat([features, features], 1)
        attended = self.mix(doubled * self.attention.weight[0][None, :, None, None])
        return self.activation(self.share * attended + features), logit


class NICEDiscriminator(nn.Module):
    """The encoder and two heads, of which the wide one continues the local one's trunk."""

    def __init__(self, encoder: NICEEncoder | None = None, width: int = 64) -> None:
        super().__init__()
        w = width
        self.encoder = encoder or NICEEncoder(w)
        self.trunk = nn.Sequential(*_bounded(2 * w, 4 * w, stride=2), leaky())
        self.local = nn.Sequential(
            *_bounded(4 * w, 8 * w), leaky(), *_bounded(8 * w, 1, bias=False)
        )
        self.wide = nn.Sequential(
            *_bounded(4 * w, 8 * w, stride=2),
            leaky(),
            *_bounded(8 * w, 16 * w, stride=2),
            leaky(),
            *_bounded(16 * w, 32 * w),
            leaky(),
            *_bounded(32 * w, 1, bias=False),
        )

    def forward(self, picture: Tensor) -> NICELogits:
        """(N, 3, H, W) in [-1, 1] in, H and W 128 or more."""
        code, attention = self.encoder(picture)
        trunk = self.trunk(code)
        return NICELogits(self.local(trunk), self.wide(trunk), attention)


class _Reflect(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return F.pad(features, (1, 1, 1, 1), mode="reflect")


def _bounded(
    inputs: int, outputs: int, stride: int = 1, bias: bool = True
) -> tuple[nn.Module, nn.Module]:
    return _Reflect(), spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, bias=bias))
