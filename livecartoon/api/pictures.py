"""The kinds of pictures that callers bring: to uint8 RGB, and back into the same kind."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from livecartoon.frame import Pixels


def as_pixels(picture: Any) -> Pixels:  # noqa: ANN401  arrays and, where torch is, tensors
    """Return a picture as uint8 (H, W, 3); ValueError names shape and type of another kind.

    Arrays are (H, W, 3), uint8 or float32 in 0..1; tensors (H, W, 3) uint8 or (3, H, W) floats.
    """
    if is_tensor(picture):
        from livecartoon.api.tensors import array_of

        picture = array_of(picture)
    if not isinstance(picture, np.ndarray):
        raise ValueError(f"a picture is an array or a tensor, this one {type(picture).__name__}")
    if picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture is (H, W, 3), this one {picture.shape} {picture.dtype}")
    if picture.dtype == np.uint8:
        return np.asarray(picture, dtype=np.uint8)
    if picture.dtype == np.float32:
        if np.isnan(picture).any():
            raise ValueError("a picture holds NaN")
        return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), dtype=np.uint8)
    kind = f"{picture.shape} {picture.dtype}"
    raise ValueError(f"a picture is uint8 or float32, this one {kind}")


def of_its_kind(drawn: Pixels, picture: Any) -> Any:  # noqa: ANN401  as above
    """Return a cartoon in the layout, type and place of the picture it was drawn from."""
    if is_tensor(picture):
        from livecartoon.api.tensors import tensor_like

        return tensor_like(drawn, picture)
    return drawn * np.float32(1 / 255) if picture.dtype == np.float32 else drawn


def is_tensor(picture: object) -> bool:
    """Whether it is one of torch, which is not imported for those who do not use it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(picture, torch.Tensor)
