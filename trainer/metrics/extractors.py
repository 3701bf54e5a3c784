"""What turns pictures into the vectors that Frechet and kernel distances compare.

A distance is called FID only if the original weights made it; any other extractor gives
`FD(extractor)`, which compares with nothing published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from livecartoon.errors import UsageError
from trainer.metrics.arrays import Bytes, Doubles
from trainer.metrics.cartoonness import VECTOR, cartoonness
from trainer.metrics.inception import Inception
from trainer.metrics.networks import NETWORKS
from trainer.metrics.perceptual import normalised
from trainer.metrics.weights import read_weights

FID_PREFIX = "6726825d"
"""Start of the SHA-256 of the 2015-12-05 graph's port; its authors publish it in the file name."""
BATCH = 8
_RAND_SEED, _RAND_GAIN = 1234, 1.414
_RAND_WIDTHS = (3, 16, 32, 64)
_WEIGHT_STEP = 2**-16


class FeatureExtractor(Protocol):
    """Pictures in, feature vectors out: deterministic, whatever the batch."""

    name: str
    """As in a distance's name."""
    kind: str
    """How a Frechet distance through it is called: `FID` or `FD(name)`."""
    sha256: str
    """Of the weights."""
    is_scored: bool
    """Whether features are to be z-scored with the reference set's mean and deviation."""

    def __call__(self, pictures: Sequence[Bytes]) -> Doubles:
        """uint8 RGB (H, W, 3) of one size to (N, d)."""
        ...


class RandomFeatures:
    """`rand-v1`: a small random network, the same everywhere, that needs no file.

    Three convolutions 3-16-32-64 with stride 2, LeakyReLU 0.2 and no bias; the mean and
    deviation of every channel after each. First kernels have zero mean: with a mean they see
    little but brightness. It measures low-level statistics, not what a picture shows.
    """

    name, kind, is_scored = "rand-v1", "FD(rand-v1)", True

    def __init__(self) -> None:
        rng = np.random.default_rng(_RAND_SEED)
        shapes = zip(_RAND_WIDTHS[1:], _RAND_WIDTHS, strict=False)
        kernels = [_orthogonal(rng, out, given) for out, given in shapes]
        kernels[0] -= kernels[0].mean((2, 3), keepdims=True)
        # Whole steps make the weights bit-equal on machines whose algebra rounds differently.
        kernels = [np.rint(kernel / _WEIGHT_STEP) * _WEIGHT_STEP for kernel in kernels]
        content = b"".join(kernel.astype("<f4").tobytes() for kernel in kernels)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._kernels = [torch.from_numpy(kernel.astype(np.float32)) for kernel in kernels]

    def __call__(self, pictures: Sequence[Bytes]) -> Doubles:
        """224 numbers per picture."""
        return _in_batches(self._batch, pictures)

    def _batch(self, pictures: Sequence[Bytes]) -> Tensor:
        x = _to_tensor(pictures) * 2 - 1
        parts = []
        for kernel in self._kernels:
            x = F.leaky_relu(F.conv2d(x, kernel, stride=2, padding=1), 0.2)
            parts += [x.mean((2, 3)), x.std((2, 3), correction=0)]
        return torch.cat(parts, 1)


class StatisticsFeatures:
    """`stats-v1`: the twelve cartoon-ness statistics as a vector."""

    name, kind, is_scored = "stats-v1", "FD(stats-v1)", True
    sha256 = hashlib.sha256(" ".join(VECTOR).encode()).hexdigest()

    def __call__(self, pictures: Sequence[Bytes]) -> Doubles:
        """12 numbers per picture."""
        rows = [cartoonness(picture) for picture in pictures]
        return np.array([[getattr(row, name) for name in VECTOR] for row in rows])


class NetworkFeatures:
    """The spatial mean of a trained network's last map, from the user's file."""

    is_scored = False

    def __init__(self, network: str, path: Path) -> None:
        self._run = NETWORKS[network]
        self._weights = read_weights(path)
        self.sha256 = self._weights.sha256
        self.name = {"vgg19": "vgg19-conv4_4"}.get(network, network)
        self.kind = f"FD({self.name})"

    def __call__(self, pictures: Sequence[Bytes]) -> Doubles:
        """512 numbers per picture."""
        return _in_batches(self._batch, pictures)

    def _batch(self, pictures: Sequence[Bytes]) -> Tensor:
        return self._run(self._weights, normalised(pictures))[-1].mean((2, 3))


class InceptionFeatures:
    """2,048 pooled features; with the original weights, and only then, they make a FID.

    The art form follows its authors as far as they say: pictures of 512 px in 0..1. Its file
    has no published hash, so a distance through it never bears the authors' name.
    """

    is_scored = False

    def __init__(self, path: Path, *, is_art: bool = False) -> None:
        weights = read_weights(path)
        self.sha256 = weights.sha256
        self._is_art = is_art
        self._network = Inception(weights, is_fid=not is_art)
        is_original = not is_art and self.sha256.startswith(FID_PREFIX)
        plain = "art-inception" if is_art else f"inception-{self.sha256[:8]}"
        self.name = "inception-fid" if is_original else plain
        self.kind = "FID" if is_original else f"FD({self.name})"

    def __call__(self, pictures: Sequence[Bytes]) -> Doubles:
        """2,048 numbers per picture."""
        return _in_batches(self._batch, pictures)

    def _batch(self, pictures: Sequence[Bytes]) -> Tensor:
        side = 512 if self._is_art else 299
        x = F.interpolate(_to_tensor(pictures), (side, side), mode="bilinear", align_corners=False)
        return self._network(x if self._is_art else 2 * x - 1)


EXTRACTORS = ("art-inception", "inception", "rand-v1", "squeezenet", "stats-v1", "vgg19")


def open_extractor(text: str) -> FeatureExtractor:
    """`rand-v1`, `stats-v1`, or NAME=FILE of the others; UsageError E201, ModelError."""
    name, _, place = text.partition("=")
    if name not in EXTRACTORS:
        raise UsageError("E201", f"no extractor {name!r}", f"try: {', '.join(EXTRACTORS)}")
    if name == "rand-v1":
        return RandomFeatures()
    if name == "stats-v1":
        return StatisticsFeatures()
    if not place:
        raise UsageError("E201", f"{name} needs a weights file", f"--extractor {name}=FILE")
    if name in NETWORKS:
        return NetworkFeatures(name, Path(place))
    return InceptionFeatures(Path(place), is_art=name == "art-inception")


def scored(features: Doubles, reference: Doubles) -> Doubles:
    """Features in deviations from the mean of the reference set's, column by column."""
    deviation = reference.std(0)
    return np.asarray((features - reference.mean(0)) / np.where(deviation > 1e-9, deviation, 1.0))


def _to_tensor(pictures: Sequence[Bytes]) -> Tensor:
    """(N, 3, H, W) in 0..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def _in_batches(run: _Batch, pictures: Sequence[Bytes]) -> Doubles:
    starts = range(0, len(pictures), BATCH)
    parts = [run(pictures[start : start + BATCH]).double().numpy() for start in starts]
    return np.concatenate(parts)


class _Batch(Protocol):
    def __call__(self, pictures: Sequence[Bytes], /) -> Tensor: ...


def _orthogonal(rng: np.random.Generator, out: int, given: int) -> Doubles:
    """Kernels (out, given, 3, 3) whose rows, or columns if fewer, are orthogonal."""
    drawn = rng.normal(size=(out, given * 9))
    flat = drawn if out >= given * 9 else drawn.T
    basis, upper = np.linalg.qr(flat)
    basis = basis * np.sign(np.diag(upper))
    rows = basis if out >= given * 9 else basis.T
    return np.asarray(_RAND_GAIN * rows.reshape(out, given, 3, 3))
