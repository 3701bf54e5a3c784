"""Pictures as tensors of torch, wherever they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from livecartoon.frame import Pixels


def array_of(picture: torch.Tensor) -> NDArray[Any]:
    """Return a tensor, uint8 (H, W, 3) or floats (3, H, W) in 0..1, as an array (H, W, 3).

    Floats of any width become float32. ValueError names shape and type of another one.
    """
    is_planar = picture.dtype.is_floating_point
    if picture.ndim != 3 or 0 in picture.shape or picture.shape[0 if is_planar else 2] != 3:
        raise ValueError(
            "a picture is uint8 (H, W, 3) or floats (3, H, W), this one "
            f"{tuple(picture.shape)} {str(picture.dtype).removeprefix('torch.')}"
        )
    here = picture.detach().cpu()
    array: NDArray[Any] = (here.permute(1, 2, 0).float() if is_planar else here).numpy()
    return array


def tensor_like(drawn: Pixels, picture: torch.Tensor) -> torch.Tensor:
    """Return a cartoon, uint8 (H, W, 3), in the layout, type and on the device of `picture`."""
    there = torch.from_numpy(np.array(drawn)).to(picture.device)
    if not picture.dtype.is_floating_point:
        return there
    return (there.permute(2, 0, 1).float() / 255).to(picture.dtype).contiguous()
