"""From a weights file to a generator ready for inference."""

from __future__ import annotations

import numpy as np
import torch

from livecartoon.errors import ModelError
from livecartoon.models.checkpoint import Checkpoint, config_of
from livecartoon.models.student import Student, StudentConfig


def load_student(checkpoint: Checkpoint) -> Student:
    """Build the student of a weights file, fused, in eval mode, FP32; E604 if shapes differ."""
    student = Student(config_of(StudentConfig, checkpoint.json_field("arch_config")))
    student.fuse()
    wanted = {name: tuple(value.shape) for name, value in student.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in checkpoint.tensors.items()}
    if wanted != given:
        different = sorted(
            name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name)
        )
        raise ModelError(
            "E604", f"{len(different)} tensors differ from the architecture, first {different[0]}"
        )
    tensors = {
        name: torch.from_numpy(array.astype(np.float32))
        for name, array in checkpoint.tensors.items()
    }
    student.load_state_dict(tensors)
    return student.eval().requires_grad_(False)
