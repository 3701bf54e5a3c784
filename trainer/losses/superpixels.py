"""Flat regions of a picture, in torch alone: SLIC without its clean-up of stray pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.losses.color import rgb_to_lab, unit


@torch.no_grad()
def superpixel_means(
    picture: Tensor, count: int = 200, compactness: float = 10.0, rounds: int = 5
) -> Tensor:
    """(N, 3, H, W) in [-1, 1] with every superpixel in its mean colour; no gradient.

    Every pixel joins the nearest of the nine centres around it, in Lab and in place (Achanta
    et al. 2012); `count` is the number of centres aimed at.
    """
    n, _, height, width = picture.shape
    step = max(2, round((height * width / count) ** 0.5))
    rows, columns = -(-height // step), -(-width // step)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place = torch.stack([y, x]).to(picture).expand(n, 2, height, width)
    features = torch.cat([rgb_to_lab(unit(picture)), place * (compactness / step)], 1)
    home = ((y // step) * columns + x // step).to(picture.device)
    labels = home.expand(n, height, width)
    for _ in range(rounds):
        centres = _means(features, labels, rows * columns)
        labels = _nearest(features, centres, (y // step, x // step), (rows, columns))
    means = _means(picture.float(), labels, rows * columns)
    flat = labels.flatten(1)[:, None].expand(n, 3, height * width)
    return means.gather(2, flat).reshape(n, 3, height, width)


def _means(values: Tensor, labels: Tensor, count: int) -> Tensor:
    """Mean of (N, C, H, W) over each label: (N, C, count)."""
    n, channels = values.shape[:2]
    index = labels.flatten(1)[:, None]
    sums = values.new_zeros(n, channels, count)
    sums.scatter_add_(2, index.expand(n, channels, index.shape[2]), values.flatten(2))
    members = values.new_zeros(n, 1, count)
    members.scatter_add_(2, index, values.new_ones(index.shape))
    return sums / members.clamp(min=1)


def _nearest(
    features: Tensor, centres: Tensor, cell: tuple[Tensor, Tensor], grid: tuple[int, int]
) -> Tensor:
    n, channels, height, width = features.shape
    best = features.new_full((n, height, width), torch.inf)
    labels = torch.zeros(n, height, width, dtype=torch.long, device=features.device)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row = (cell[0] + down).clamp(0, grid[0] - 1)
            column = (cell[1] + right).clamp(0, grid[1] - 1)
            index = (row * grid[1] + column).to(features.device)
            centre = centres[:, :, index.flatten()].reshape(n, channels, height, width)
            distance = ((features - centre) ** 2).sum(1)
            is_nearer = distance < best
            best = torch.where(is_nearer, distance, best)
            labels = torch.where(is_nearer, index, labels)
    return labels
