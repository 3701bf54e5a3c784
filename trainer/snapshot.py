"""Sample sheets: photo, target and the student's finished picture side by side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from livecartoon.models.picture import StudentPicture
from livecartoon.models.student import STUDENTS, Student
from trainer.config import StudentTraining
from trainer.data.pairs import Bytes, Pair
from trainer.recipes.student import INK_STYLES
from trainer.state import TrainingState

CELL = (480, 320)
"""(width, height) of one picture on a sheet."""


def averaged_student(tensors: dict[str, Tensor], tier: str) -> Student:
    """A student for inference with the given (averaged) training parameters, fused."""
    student = Student(STUDENTS[tier])
    student.load_state_dict(tensors)
    return student.fuse().eval().requires_grad_(False)


@torch.no_grad()
def finished(student: Student, style: str, photo: Bytes) -> Bytes:
    """The student's picture of a photo with its ink, uint8 RGB (H, W, 3)."""
    height, width = photo.shape[:2]
    picture = StudentPicture(student, INK_STYLES[style], (height, width))
    frame = torch.from_numpy(np.ascontiguousarray(photo))[None]
    drawn: Tensor = picture(frame, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    return drawn[0].numpy()


def write_sheet(
    path: Path, state: TrainingState, pairs: list[Pair], config: StudentTraining, count: int = 8
) -> None:
    """Store `count` held-out rows as PNG; people first, for faces show faults soonest."""
    student = averaged_student(state.average.tensors, config.tier)
    chosen = sorted(pairs, key=lambda pair: not pair.is_person)
    middle = count // 2
    chosen = chosen[:middle] + chosen[-(count - middle) :]
    rows = []
    for pair in chosen:
        cells = pair.photo, pair.target, finished(student, config.style, pair.photo)
        rows.append(np.hstack([cv2.resize(c, CELL, interpolation=cv2.INTER_AREA) for c in cells]))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
