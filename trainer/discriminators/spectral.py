"""Convolutions of bounded gain, for critics."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from livecartoon.models.convs import Conv


def bounded(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, **kinds: Any) -> nn.Module:  # noqa: ANN401  those of Conv
    """A `Conv`, zero-padded unless said, whose largest singular value is kept at 1.

    One power iteration per forward pass in train mode.
    """
    kinds.setdefault("pad", "zeros")
    normed: nn.Module = spectral_norm(Conv(inputs, outputs, kernel, stride, **kinds))
    return normed
