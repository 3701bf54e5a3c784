"""Weights to start from."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


def normal_weights(module: nn.Module) -> None:
    """N(0, 0.02) and no bias in convolutions, spectrally normalised or not."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(raw_weight(module), 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def he_weights(module: nn.Module) -> None:
    """He's variance by fan-in and no bias (AnimeGANv2's generator)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(raw_weight(module), a=0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def xavier_weights(module: nn.Module) -> None:
    """Xavier's variance and no bias (White-box, AnimeGANv3)."""
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(raw_weight(module))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def raw_weight(module: nn.Module) -> Tensor:
    """The parameter behind a weight, below any spectral norm."""
    parametrized = getattr(module, "parametrizations", None)
    if parametrized is not None and "weight" in parametrized:
        return cast(Tensor, parametrized["weight"].original)
    return cast(Tensor, module.weight)


@torch.no_grad()
def settle_spectral_norms(network: nn.Module) -> None:
    """Let the vectors of spectral norms find weights that have just been drawn anew."""
    for module in network.modules():
        if "weight" in getattr(module, "parametrizations", {}):
            module.train()
            for _ in range(15):
                _ = module.weight
