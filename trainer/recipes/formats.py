"""Pictures on their way into and out of networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.data.unpaired import Batch
from trainer.recipes.base import Bytes


def to_bytes(picture: Tensor) -> Bytes:
    """(1, 3, H, W) in [-1, 1] to uint8 RGB (H, W, 3)."""
    levels = ((picture[0].float().clamp(-1, 1) + 1) * 127.5).round().byte()
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())


def channels_last(batch: Batch) -> Batch:
    """The same pictures in the memory order that convolutions of a GPU like."""
    pictures = {
        name: getattr(batch, name).contiguous(memory_format=torch.channels_last)
        for name in ("photo", "cartoon", "smoothed")
        if getattr(batch, name) is not None
    }
    return replace(batch, **pictures)


def in_float32(value: Any) -> Any:  # noqa: ANN401  tensors in tuples, lists and named tuples
    """What came out of autocast, in full precision."""
    if isinstance(value, Tensor):
        return value.float()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(in_float32(part) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(in_float32(part) for part in value)
    return value
