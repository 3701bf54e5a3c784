"""Total variation of (N, C, H, W), in the three forms that the papers' codes have."""

from __future__ import annotations

from torch import Tensor


def _differences(picture: Tensor) -> tuple[Tensor, Tensor]:
    x = picture.float()
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def absolute_tv(picture: Tensor) -> Tensor:
    """Mean |dy| + mean |dx| (CartoonLossGAN)."""
    down, across = _differences(picture)
    return down.abs().mean() + across.abs().mean()


def squared_tv(picture: Tensor) -> Tensor:
    """Mean dy^2 + mean dx^2 (DEMAL as meant; AnimeGANv2 takes half of it)."""
    down, across = _differences(picture)
    return (down**2).mean() + (across**2).mean()


def whitebox_tv(picture: Tensor) -> Tensor:
    """The squared form divided by 3*H*W once more; its weight of 10,000 presumes that."""
    return squared_tv(picture) / (3 * picture.shape[-2] * picture.shape[-1])
