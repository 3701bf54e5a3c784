"""Perceptual distance of two pictures: LPIPS with its own files, an honest stand-in without.

Differences of unit-length feature vectors, averaged over the map, summed over layers (Zhang et
al. 2018). With the learned linear heads this is LPIPS 0.1; without heads every channel counts
the same, which is another number and is called PD.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from livecartoon.errors import ModelError, UsageError
from trainer.metrics.arrays import Bytes
from trainer.metrics.networks import NETWORKS, Maps
from trainer.metrics.weights import Weights, read_weights

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HEADS = {"alex": 5, "squeezenet": 7, "vgg16": 5}
"""Networks that linear heads exist for, and how many."""
_HEAD_NAMES = {"squeezenet": "squeeze", "vgg16": "vgg"}
_EPSILON = 1e-10


class PerceptualDistance:
    """Distance of pictures, 0 = equal; `name` says what measured it."""

    def __init__(self, network: str, backbone: Path, heads: Path | None = None) -> None:
        """UsageError E201 for an unknown network, ModelError E601, E602, E604 for its files."""
        if network not in HEADS:
            raise UsageError(
                "E201", f"no network {network!r} for LPIPS", f"try: {', '.join(HEADS)}"
            )
        self.weights = read_weights(backbone)
        self._run = NETWORKS[network]
        self._heads = None if heads is None else _head_list(read_weights(heads), HEADS[network])
        kind = "PD" if heads is None else "LPIPS"
        self.name = f"{kind}({_HEAD_NAMES.get(network, network)})"
        self.sha256 = self.weights.sha256

    @torch.inference_mode()
    def __call__(self, one: Bytes, other: Bytes) -> float:
        """Of two uint8 RGB pictures (H, W, 3)."""
        first, second = (self._run(self.weights, normalised([p])) for p in (one, other))
        return sum(
            self._of_layer(index, a, b)
            for index, (a, b) in enumerate(zip(first, second, strict=True))
        )

    def _of_layer(self, index: int, one: Tensor, other: Tensor) -> float:
        difference = (_unit(one) - _unit(other)).square()
        if self._heads is None:
            return float(difference.sum(1).double().mean())
        head = self._heads[index]
        if head.shape != (1, difference.shape[1], 1, 1):
            raise ModelError("E604", f"head {index} is {tuple(head.shape)}", "the backbone's own")
        return float((difference * head).sum(1).double().mean())


def normalised(pictures: Sequence[Bytes]) -> Tensor:
    """uint8 RGB (H, W, 3) of one size as (N, 3, H, W) with ImageNet's mean and deviation."""
    unit = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return (unit - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + _EPSILON)


def _head_list(weights: Weights, count: int) -> Maps:
    heads = [weights.get(f"lin{i}.model.1.weight") for i in range(count)]
    return [weights[f"lin{i}.weight"] if head is None else head for i, head in enumerate(heads)]
