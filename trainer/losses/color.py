"""Colours in other spaces, and losses there. Pictures are RGB, NCHW."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

YUV = (
    (0.299, 0.587, 0.114),
    (-0.14714119, -0.28886916, 0.43601035),
    (0.61497538, -0.51496512, -0.10001026),
)
XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""Linear sRGB to CIE XYZ, divided by the white point below to give 1 for white."""
WHITE = (0.950456, 1.0, 1.088754)
TEXTURE_WEIGHTS = ((0.199, 0.399), (0.487, 0.687), (0.014, 0.214))
"""Ranges of red, green and blue in White-box's random gray, the luma weights +- 0.1."""


def unit(picture: Tensor) -> Tensor:
    """[-1, 1] to [0, 1]."""
    return (picture.float() + 1) / 2


def rgb_to_yuv(picture: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] to Y in 0..1 and signed U and V."""
    return _mixed(picture.float(), YUV)


def rgb_to_gray(picture: Tensor) -> Tensor:
    """Luma on all three channels, in any range."""
    luma = weighted_gray(picture, torch.tensor(YUV[0]))
    return luma.expand_as(picture)


def rgb_to_lab(picture: Tensor) -> Tensor:
    """(N, 3, H, W) sRGB in [0, 1] to CIE L in 0..100, a and b; D65. Gradients stay finite."""
    x = picture.float().clamp(0, 1)
    low = x <= 0.04045
    powered = ((x.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(low, x / 12.92, powered)
    xyz = _mixed(linear, XYZ) / torch.tensor(WHITE).to(linear)[None, :, None, None]
    dark = xyz <= 0.008856
    roots = torch.where(dark, 7.787 * xyz + 16 / 116, xyz.clamp(min=0.008856) ** (1 / 3))
    fx, fy, fz = roots.unbind(1)
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], 1)


def _mixed(picture: Tensor, rows: tuple[tuple[float, ...], ...]) -> Tensor:
    matrix = torch.tensor(rows).to(picture)
    with torch.autocast(picture.device.type, enabled=False):
        return torch.einsum("oc,nchw->nohw", matrix, picture)


def color_loss(fake: Tensor, target: Tensor, delta: float = 1.0) -> Tensor:
    """Mean |dY| + Huber(dU) + Huber(dV) of pictures in [-1, 1].

    With delta 1 no U or V on [0, 1] reaches the linear part. AnimeGAN and DEMAL compare with
    the photo, CartoonLossGAN a redrawn cartoon with the cartoon.
    """
    a, b = rgb_to_yuv(unit(fake)), rgb_to_yuv(unit(target))
    luma = (a[:, 0] - b[:, 0]).abs().mean()
    blue = F.huber_loss(a[:, 1], b[:, 1], delta=delta)
    return luma + blue + F.huber_loss(a[:, 2], b[:, 2], delta=delta)


def lab_color_loss(fake: Tensor, photo: Tensor) -> Tensor:
    """AnimeGANv3's 2|dL|/100 + |da|/255 + |db|/255 of pictures in [-1, 1]: no colour cast."""
    change = (rgb_to_lab(unit(fake)) - rgb_to_lab(unit(photo))).abs()
    return 2 * change[:, 0].mean() / 100 + change[:, 1:].mean((0, 2, 3)).sum() / 255


def random_gray_weights(generator: torch.Generator | None = None) -> Tensor:
    """One draw of White-box's gray weights (3,), sum 1; share it between real and fake."""
    ranges = torch.tensor(TEXTURE_WEIGHTS)
    drawn = torch.rand(3, generator=generator)
    weights = ranges[:, 0] + drawn * (ranges[:, 1] - ranges[:, 0])
    return weights / weights.sum()


def weighted_gray(picture: Tensor, weights: Tensor) -> Tensor:
    """(N, 3, H, W) in any range to (N, 1, H, W); weights (3,) of sum 1."""
    return (picture * weights.to(picture)[None, :, None, None]).sum(1, keepdim=True)
