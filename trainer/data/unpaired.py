"""Unpaired batches of photos and cartoons, a pure function of seed, step and rank."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from livecartoon.errors import InputError, UsageError
from trainer.data.domain import Domain, epoch_order, read_domain

NEEDS = ("smoothed", "photo_saliency", "cartoon_saliency")
DEVICE_SHARE = 0.4
"""Of the free device memory that pictures may take; the rest is the networks'."""
PHOTO_STREAM, CARTOON_STREAM = 0, 1


@dataclass(frozen=True, slots=True)
class Batch:
    """float32 pictures (N, 3, H, W) in [-1, 1], saliency (N, 1, H, W) in 0..1.

    The smoothed cartoon and every saliency map have crop and flip of their picture.
    """

    photo: Tensor
    cartoon: Tensor
    smoothed: Tensor | None = None
    photo_saliency: Tensor | None = None
    cartoon_saliency: Tensor | None = None


class UnpairedLoader:
    """Batch number `step` of an infinite stream: `loader(step)`, in any order, at any time.

    Both domains run through shuffled epochs of their own, photos and cartoons drawn apart. Draw
    number `(step * world + rank) * batch + i` decides everything, so a world of two with batch b
    sees together what a world of one with batch 2b sees, and a run resumes without a state.
    """

    def __init__(
        self,
        data: Path,
        *,
        batch: int,
        crop: int,
        seed: int,
        needs: frozenset[str] = frozenset(),
        rank: int = 0,
        world: int = 1,
        device: torch.device | None = None,
    ) -> None:
        """Decode the folder once; `needs` names optional fields of Batch.

        Pictures stay on `device` when they fit, else in memory; batches are made on `device`.
        InputError on missing data, UsageError on a crop larger than a picture.
        """
        if unknown := sorted(needs - set(NEEDS)):
            raise UsageError("E201", f"no data {unknown[0]!r}", f"one of {', '.join(NEEDS)}")
        if batch < 1 or not 0 <= rank < world:
            raise UsageError("E201", f"batch {batch} or rank {rank} of {world} is impossible")
        self.batch, self.crop, self.seed = batch, crop, seed
        self.rank, self.world = rank, world
        self.needs = needs
        self.device = device or torch.device("cpu")
        photo_twins = {"saliency": data / "saliency_photos"} if "photo_saliency" in needs else {}
        cartoon_twins = {"saliency": data / "saliency_cartoons"}
        cartoon_twins = cartoon_twins if "cartoon_saliency" in needs else {}
        if "smoothed" in needs:
            cartoon_twins["smoothed"] = data / "smoothed"
        self.photos = read_domain(data / "photos", photo_twins)
        self.cartoons = read_domain(data / "cartoons", cartoon_twins)
        self.cell = _cell(data / "manifest.json")
        self._check_sizes(data)
        self._keep_on_device()

    def _check_sizes(self, data: Path) -> None:
        for domain, folder in ((self.photos, "photos"), (self.cartoons, "cartoons")):
            for name, picture in zip(domain.names, domain.pictures, strict=True):
                if min(picture.shape[1:]) < self.crop:
                    height, width = picture.shape[1:]
                    raise UsageError(
                        "E201",
                        f"crop {self.crop} does not fit into {data / folder / name} "
                        f"({width}x{height})",
                        "a smaller crop, or prepare --size",
                    )

    def _keep_on_device(self) -> None:
        if self.device.type != "cuda":
            return
        free, _ = torch.cuda.mem_get_info(self.device)
        if self.photos.weight_bytes() + self.cartoons.weight_bytes() < DEVICE_SHARE * free:
            self.photos = self.photos.to(self.device)
            self.cartoons = self.cartoons.to(self.device)

    def __call__(self, step: int) -> Batch:
        """Return the batch of `step`, counted from 0."""
        first = (step * self.world + self.rank) * self.batch
        draws = range(first, first + self.batch)
        photos = self._draw(self.photos, PHOTO_STREAM, draws, 1)
        cartoons = self._draw(self.cartoons, CARTOON_STREAM, draws, self.cell)
        return Batch(
            photo=self._scale(photos["picture"]),
            cartoon=self._scale(cartoons["picture"]),
            smoothed=self._scale(cartoons["smoothed"]) if "smoothed" in cartoons else None,
            photo_saliency=self._unit(photos.get("saliency")),
            cartoon_saliency=self._unit(cartoons.get("saliency")),
        )

    def _draw(
        self, domain: Domain, stream: int, draws: range, phase: int
    ) -> dict[str, list[Tensor]]:
        """uint8 crops by kind; "picture" is the domain itself."""
        sources = {"picture": domain.pictures, **domain.twins}
        crops: dict[str, list[Tensor]] = {kind: [] for kind in sources}
        for draw in draws:
            epoch, place = divmod(draw, len(domain))
            index = epoch_order(self.seed, stream, epoch, len(domain))[place]
            rng = np.random.default_rng((self.seed, stream, 1, draw))
            height, width = domain.pictures[index].shape[1:]
            top, left = (
                int(rng.integers((side - self.crop) // phase + 1)) * phase
                for side in (height, width)
            )
            is_flipped = rng.random() < 0.5
            for kind, pictures in sources.items():
                crop = pictures[index][:, top : top + self.crop, left : left + self.crop]
                crops[kind].append(crop.flip(2) if is_flipped else crop)
        return crops

    def _scale(self, crops: list[Tensor]) -> Tensor:
        # In place: fresh memory for each step of it took ten times as long as the arithmetic.
        return torch.stack(crops).to(self.device).float().div_(127.5).sub_(1)

    def _unit(self, crops: list[Tensor] | None) -> Tensor | None:
        return None if crops is None else torch.stack(crops).to(self.device).float().div_(255)


def _cell(manifest: Path) -> int:
    """Cell of pixel-art cartoons: crops start on the grid. 1 for everything else."""
    if not manifest.exists():
        return 1
    try:
        stored = json.loads(manifest.read_text(encoding="utf-8"))
        return max(1, int(stored.get("cell", 1)))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InputError("E302", f"{manifest} is damaged", "run prepare once more") from error
