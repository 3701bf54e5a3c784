"""Pictures fetched from where they were."""

from __future__ import annotations

import torch
import torch.nn.functional as nn
from torch import Tensor


def sample(picture: Tensor, flow: Tensor, mode: str = "bilinear") -> Tensor:
    """Return `picture` (N, C, h, w) at p + `flow` (N, 2, h, w); edges go on beyond the picture.

    `mode` "bicubic" has OpenCV's kernel (A = -0.75).
    """
    height, width = picture.shape[2:]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)
    x = torch.arange(width, device=flow.device, dtype=flow.dtype)
    places = torch.stack(
        [
            (x + flow[:, 0]) * (2 / max(width - 1, 1)) - 1,
            (y[:, None] + flow[:, 1]) * (2 / max(height - 1, 1)) - 1,
        ],
        dim=-1,
    )
    return nn.grid_sample(picture, places, mode, padding_mode="border", align_corners=True)
