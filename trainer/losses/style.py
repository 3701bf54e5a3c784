"""Texture as correlations of features, always in float32."""

from __future__ import annotations

import torch
from torch import Tensor


def gram_matrix(features: Tensor) -> Tensor:
    """Channel correlations of (N, C, H, W) features as (N, C, C) float32, divided by C*H*W."""
    n, c, h, w = features.shape
    flat = features.float().reshape(n, c, h * w)
    with torch.autocast(features.device.type, enabled=False):  # else the product is half: inf
        return flat @ flat.transpose(1, 2) / (c * h * w)


def style_loss(fake_features: Tensor, cartoon_features: Tensor) -> Tensor:
    """Mean |Gram(fake) - Gram(cartoon)|.

    CartoonLossGAN passes features of both in gray (eq. 3); AnimeGAN only the cartoon's, which
    is one reason for its dark pictures.
    """
    return (gram_matrix(fake_features) - gram_matrix(cartoon_features)).abs().mean()


def centred_style_loss(fake_features: Tensor, cartoon_features: Tensor) -> Tensor:
    """AnimeGANv3's: Gram matrices of features without their mean, divided by the channels."""
    a, b = (
        features.float() - features.float().mean((2, 3), keepdim=True)
        for features in (fake_features, cartoon_features)
    )
    return style_loss(a, b) / fake_features.shape[1]
