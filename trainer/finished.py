"""A trained student as its users see it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.picture import StudentPicture
from livecartoon.models.student import STUDENTS, Student
from trainer.data.pairs import Bytes


def averaged_student(tensors: dict[str, Tensor], tier: str) -> Student:
    """A student for inference with the given (averaged) training parameters, fused."""
    student = Student(STUDENTS[tier])
    student.load_state_dict(tensors)
    return student.fuse().eval().requires_grad_(False)


@torch.no_grad()
def finished(student: Student, ink: InkStyle, photo: Bytes) -> Bytes:
    """The student's picture of a photo with its ink, uint8 RGB (H, W, 3)."""
    height, width = photo.shape[:2]
    picture = StudentPicture(student, ink, (height, width))
    frame = torch.from_numpy(np.ascontiguousarray(photo))[None]
    drawn: Tensor = picture(frame, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    return drawn[0].numpy()
