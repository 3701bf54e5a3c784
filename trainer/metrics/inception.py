"""Inception v3 up to its 2,048 pooled features, run straight from a weights file.

Two forms: the port of the 2015 TensorFlow graph that FID is defined on, whose average pools
leave the border out and whose last block takes a maximum, and the plain form of torchvision.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, cat
from torch.nn import functional as F

from trainer.metrics.weights import Weights

_EPSILON = 1e-3


@dataclass(frozen=True, slots=True)
class Inception:
    """Pooled features of pictures; `is_fid` chooses the form."""

    weights: Weights
    is_fid: bool

    def __call__(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in the range the weights were trained for to (N, 2048)."""
        x = self._conv("Conv2d_1a_3x3", x, stride=2)
        x = self._conv("Conv2d_2a_3x3", x)
        x = F.max_pool2d(self._conv("Conv2d_2b_3x3", x, same=True), 3, 2)
        x = self._conv("Conv2d_3b_1x1", x)
        x = F.max_pool2d(self._conv("Conv2d_4a_3x3", x), 3, 2)
        for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self._wide(block, x)
        x = self._smaller("Mixed_6a", x)
        for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self._crossed(block, x)
        x = self._reduced("Mixed_7a", x)
        x = self._split("Mixed_7b", x, is_last=False)
        x = self._split("Mixed_7c", x, is_last=True)
        return x.mean((2, 3))

    def _conv(self, name: str, x: Tensor, *, stride: int = 1, same: bool = False) -> Tensor:
        """Convolution, normalisation with stored statistics, ReLU."""
        kernel = self.weights[f"{name}.conv.weight"]
        padding = (kernel.shape[2] // 2, kernel.shape[3] // 2) if same else (0, 0)
        x = F.conv2d(x, kernel, stride=stride, padding=padding)
        norm = f"{name}.bn."
        mean, variance = self.weights[norm + "running_mean"], self.weights[norm + "running_var"]
        scale, shift = self.weights[norm + "weight"], self.weights[norm + "bias"]
        return F.relu(F.batch_norm(x, mean, variance, scale, shift, eps=_EPSILON))

    def _chain(self, block: str, x: Tensor, *names: str) -> Tensor:
        for name in names:
            x = self._conv(f"{block}.{name}", x, same=True)
        return x

    def _pooled(self, block: str, x: Tensor, *, is_max: bool = False) -> Tensor:
        if is_max:
            x = F.max_pool2d(x, 3, 1, 1)
        else:
            x = F.avg_pool2d(x, 3, 1, 1, count_include_pad=not self.is_fid)
        return self._conv(f"{block}.branch_pool", x)

    def _wide(self, block: str, x: Tensor) -> Tensor:
        parts = [
            self._chain(block, x, "branch1x1"),
            self._chain(block, x, "branch5x5_1", "branch5x5_2"),
            self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
            self._pooled(block, x),
        ]
        return cat(parts, 1)

    def _smaller(self, block: str, x: Tensor) -> Tensor:
        inner = self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2")
        parts = [
            self._conv(f"{block}.branch3x3", x, stride=2),
            self._conv(f"{block}.branch3x3dbl_3", inner, stride=2),
            F.max_pool2d(x, 3, 2),
        ]
        return cat(parts, 1)

    def _crossed(self, block: str, x: Tensor) -> Tensor:
        parts = [
            self._chain(block, x, "branch1x1"),
            self._chain(block, x, *(f"branch7x7_{step}" for step in (1, 2, 3))),
            self._chain(block, x, *(f"branch7x7dbl_{step}" for step in (1, 2, 3, 4, 5))),
            self._pooled(block, x),
        ]
        return cat(parts, 1)

    def _reduced(self, block: str, x: Tensor) -> Tensor:
        direct = self._chain(block, x, "branch3x3_1")
        crossed = self._chain(block, x, *(f"branch7x7x3_{step}" for step in (1, 2, 3)))
        parts = [
            self._conv(f"{block}.branch3x3_2", direct, stride=2),
            self._conv(f"{block}.branch7x7x3_4", crossed, stride=2),
            F.max_pool2d(x, 3, 2),
        ]
        return cat(parts, 1)

    def _split(self, block: str, x: Tensor, *, is_last: bool) -> Tensor:
        direct = self._chain(block, x, "branch3x3_1")
        double = self._chain(block, x, "branch3x3dbl_1", "branch3x3dbl_2")
        parts = [
            self._chain(block, x, "branch1x1"),
            self._chain(block, direct, "branch3x3_2a"),
            self._chain(block, direct, "branch3x3_2b"),
            self._chain(block, double, "branch3x3dbl_3a"),
            self._chain(block, double, "branch3x3dbl_3b"),
            self._pooled(block, x, is_max=is_last and self.is_fid),
        ]
        return cat(parts, 1)
