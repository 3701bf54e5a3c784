"""One domain of a data folder in memory: photos, or cartoons with their twins."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from livecartoon.errors import InputError
from trainer.data.decode import read_gray, read_rgb

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Domain:
    """Pictures by sorted name and what belongs to each: uint8 (C, H, W) tensors on one device."""

    names: tuple[str, ...]
    pictures: tuple[Tensor, ...]
    twins: dict[str, tuple[Tensor, ...]]
    """Kind -> one per picture: "smoothed" (3, H, W), "saliency" (1, H, W)."""

    def __len__(self) -> int:
        return len(self.pictures)

    def weight_bytes(self) -> int:
        """Memory taken by all pictures."""
        groups = (self.pictures, *self.twins.values())
        return sum(picture.numel() for group in groups for picture in group)

    def to(self, device: torch.device) -> Domain:
        """Return a copy on `device`."""
        twins = {kind: tuple(t.to(device) for t in group) for kind, group in self.twins.items()}
        return Domain(self.names, tuple(p.to(device) for p in self.pictures), twins)


def read_domain(folder: Path, twins: dict[str, Path]) -> Domain:
    """Load the `*.png` of `folder` and for each the file of the same name in every twin folder.

    An unreadable picture is skipped and named; InputError E301 where fewer than two are left or
    a twin is missing, E302 where a twin cannot be read or has another size.
    """
    names, pictures = [], []
    paths = sorted(folder.glob("*.png"))
    for path in paths:
        pixels = read_rgb(path)
        if pixels is None:
            log.warning("%s cannot be read and is skipped", path)
            continue
        names.append(path.name)
        pictures.append(_to_tensor(pixels))
    if len(pictures) < len(paths):
        log.warning(
            "%d of %d pictures in %s skipped", len(paths) - len(pictures), len(paths), folder
        )
    if len(pictures) < 2:
        raise InputError(
            "E301",
            f"{folder} holds {len(pictures)} readable pictures, training needs at least 2",
            "python -m trainer prepare --photos DIR --cartoons DIR -o DATA --rights TEXT",
        )
    beside = {
        kind: tuple(_read_twin(where / n, kind, p) for n, p in zip(names, pictures, strict=True))
        for kind, where in twins.items()
    }
    return Domain(tuple(names), tuple(pictures), beside)


def _read_twin(path: Path, kind: str, picture: Tensor) -> Tensor:
    pixels = read_gray(path) if kind == "saliency" else read_rgb(path)
    if pixels is None:
        code, what = ("E302", "cannot be read") if path.exists() else ("E301", "is missing")
        raise InputError(code, f"{path} {what}", "run python -m trainer prepare once more")
    twin = _to_tensor(pixels)
    if twin.shape[1:] != picture.shape[1:]:
        raise InputError("E302", f"{path} has another size than its picture", "prepare once more")
    return twin


def _to_tensor(pixels: np.ndarray) -> Tensor:
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes))


@lru_cache(maxsize=8)
def epoch_order(seed: int, stream: int, epoch: int, count: int) -> tuple[int, ...]:
    """The order in which one epoch shows `count` pictures; every one exactly once."""
    return tuple(np.random.default_rng((seed, stream, 0, epoch)).permutation(count).tolist())
