"""Photos with their designed targets, and the crops a training step takes from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import InputError

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def to_floats(levels: Bytes) -> Floats:
    """uint8 levels as float32 in 0..1."""
    return np.asarray(levels * np.float32(1 / 255), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Pair:
    """uint8 arrays of one photo: RGB (H, W, 3) twice and the strokes (H, W)."""

    name: str
    photo: Bytes
    target: Bytes
    line: Bytes
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """float32 in 0..1: clean photos and targets (N, H, W, 3), strokes (N, H, W)."""

    photo: Floats
    target: Floats
    line: Floats


def read_pairs(folder: Path, kind: str) -> list[Pair]:
    """Load the pairs of `kind` "t" (training) or "h" (held out), sorted by name."""
    people = _names(folder / "people.txt")
    pairs = []
    for path in sorted(folder.glob(f"{kind}_*.npz")):
        with np.load(path) as stored:
            arrays = stored["photo"], stored["graded"], stored["line"]
        pairs.append(Pair(path.stem, *arrays, is_person=path.stem in people))
    if not pairs:
        remedy = "python -m trainer targets PHOTOS -o DIR"
        if kind == "h":
            remedy += ", with more photos: one in nine is held out"
        raise InputError("E301", f"no {kind}_*.npz pairs in {folder}", remedy)
    return pairs


def _names(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


class CropSampler:
    """Draws batches of crops at any phase, flipped half the time, people over-sampled."""

    def __init__(
        self, pairs: list[Pair], crop: int, people_share: float, rng: np.random.Generator
    ) -> None:
        self.people = [pair for pair in pairs if pair.is_person]
        self.others = [pair for pair in pairs if not pair.is_person] or self.people
        self.crop = crop
        self.people_share = people_share if self.people else 0.0
        self.rng = rng

    def batch(self, size: int) -> Batch:
        """`size` random crops."""
        crops = [self._crop() for _ in range(size)]
        photo, target, line = (
            to_floats(np.stack([crop[index] for crop in crops])) for index in range(3)
        )
        return Batch(photo, target, line)

    def _crop(self) -> tuple[Bytes, Bytes, Bytes]:
        pool = self.people if self.rng.random() < self.people_share else self.others
        pair = pool[self.rng.integers(len(pool))]
        height, width = pair.line.shape
        top = int(self.rng.integers(height - self.crop + 1))
        left = int(self.rng.integers(width - self.crop + 1))
        window = np.s_[top : top + self.crop, left : left + self.crop]
        arrays = pair.photo[window], pair.target[window], pair.line[window]
        if self.rng.random() < 0.5:
            arrays = arrays[0][:, ::-1], arrays[1][:, ::-1], arrays[2][:, ::-1]
        return arrays


def degrade(photo: Floats, rng: np.random.Generator) -> Floats:
    """What cameras and codecs do to photos (N, H, W, 3) in 0..1: JPEG, noise, gain, gamma.

    Only the input is degraded, never the target: that is what makes the student a denoiser.
    """
    return np.clip(np.stack([_degrade_one(one, rng) for one in photo]), 0, 1)


def _degrade_one(photo: Floats, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.5:
        gain, gamma = 1 + rng.uniform(-0.04, 0.04), 1 + rng.uniform(-0.06, 0.06)
        photo = (np.clip(photo, 0, 1) ** gamma * gain).astype(np.float32)
    if rng.random() < 0.15:
        photo = cv2.GaussianBlur(photo, (0, 0), float(rng.uniform(0.4, 0.9))).astype(np.float32)
    if rng.random() < 0.6:
        photo = photo + _sensor_noise(photo, rng)
    if rng.random() < 0.4:
        photo = _jpeg(photo, int(rng.integers(35, 96)))
    return photo


def _sensor_noise(photo: Floats, rng: np.random.Generator) -> Floats:
    """Mostly luma, stronger in the dark, sigma up to 0.03."""
    sigma = rng.uniform(0.0, 0.03)
    luma = rng.standard_normal((*photo.shape[:2], 1), dtype=np.float32)
    chroma = rng.standard_normal(photo.shape, dtype=np.float32)
    strength = sigma * (1.2 - 0.5 * photo.mean(-1, keepdims=True))
    noise = strength * (0.8 * luma + 0.5 * chroma)
    return np.asarray(noise, dtype=np.float32)


def _jpeg(photo: Floats, quality: int) -> Floats:
    levels = (np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return to_floats(np.asarray(decoded, dtype=np.uint8))
