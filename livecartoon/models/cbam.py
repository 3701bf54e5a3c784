"""Convolutional block attention (Woo et al., ECCV 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecartoon.models.convs import Conv

REDUCTION = 16
MIN_HIDDEN = 4


class CBAM(nn.Module):
    """Weighs channels by what they hold, then places by what stands there.

    Both weights lie in 0..1, so no value grows; with zero kernels all are quartered.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // REDUCTION, MIN_HIDDEN)
        self.channels = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(hidden, channels, 1, bias=False),
        )
        self.places = Conv(2, 1, 7, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        mean = self.channels(features.mean((2, 3), keepdim=True))
        peak = self.channels(features.amax((2, 3), keepdim=True))
        weighed: Tensor = torch.sigmoid(mean + peak) * features
        summary = torch.cat([weighed.mean(1, keepdim=True), weighed.amax(1, keepdim=True)], 1)
        attended: Tensor = torch.sigmoid(self.places(summary)) * weighed
        return attended
