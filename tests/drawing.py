"""Everything the tests look at is drawn here: no binary in the repository."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def drawn_photo(width: int, height: int) -> NDArray[np.uint8]:
    """A sky gradient, a house and a sun, with a little noise: uint8 RGB (H, W, 3)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    sky = np.stack([90 + 90 * y / height, 140 + 60 * y / height, 235 - 40 * y / height], -1)
    sun = np.hypot(x - 0.75 * width, y - 0.25 * height) < 0.12 * min(width, height)
    house = (np.abs(x - 0.35 * width) < 0.2 * width) & (y > 0.5 * height)
    picture = np.where(sun[..., None], np.float32([255, 230, 120]), sky)
    picture = np.where(house[..., None], np.float32([170, 60, 50]), picture)
    noise = np.random.default_rng(7).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def write_student(path: Path, tier: str = "nano", seed: int = 0) -> Path:
    """Store an untrained student as a weights file with a full header."""
    import torch

    from livecartoon.models.checkpoint import write_checkpoint
    from livecartoon.models.ink import InkStyle
    from livecartoon.models.student import STUDENTS, Student

    torch.manual_seed(seed)
    student = Student(STUDENTS[tier]).fuse()
    tensors = {name: t.numpy().astype(np.float16) for name, t in student.state_dict().items()}
    header = {
        "style": path.stem,
        "arch": "student",
        "tier": tier,
        "arch_config": json.dumps(student.config_dict()),
        "ink": json.dumps(asdict(InkStyle())),
        "license": "none",
    }
    write_checkpoint(path, tensors, header)
    return path
