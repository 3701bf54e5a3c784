"""How a student learns a designed target: regression, line placement, steadiness."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from livecartoon.models.blocks import BLOCK, from_blocks, to_blocks
from livecartoon.models.ink import Ink, InkStyle
from livecartoon.models.student import STUDENTS, Student
from trainer.config import StudentTraining
from trainer.data.motion import inside, move, random_motion
from trainer.data.pairs import CropSampler, degrade
from trainer.losses.lines import line_loss
from trainer.losses.picture import flat_loss

INK_STYLES: dict[str, InkStyle] = {
    "shinkai": InkStyle(0.85, 0.022, 0.9, 0.8, 0.95, 0.1, (0.0, 0.0, 0.02)),
    "hayao": InkStyle(0.65, 0.028, 0.7, 0.6, 0.8, 0.3, (0.03, 0.015, 0.0)),
    "hosoda": InkStyle(0.7, 0.022, 0.7, 0.7, 0.9, 0.2, (0.02, 0.01, 0.02)),
    "paprika": InkStyle(0.7, 0.022, 0.7, 0.7, 0.85, 0.15, (0.02, 0.0, 0.01)),
    "ink": InkStyle(1.0, 0.018, 0.7, 1.0, 1.0, 0.05, (0.0, 0.0, 0.0)),
    "pepper": InkStyle(0.8, 0.025, 0.8, 0.6, 0.7, 0.28, (0.02, 0.01, 0.0)),
}
"""Line parameters of the shipped styles; the steep ramp keeps a thresholded line thin."""


@dataclass(frozen=True, slots=True)
class StepLosses:
    """Scalars of one step, for the log."""

    total: Tensor
    flat: float
    line: float
    steady: float


class StudentRecipe:
    """Networks, losses and schedule of one run."""

    def __init__(self, config: StudentTraining) -> None:
        self.config = config
        self.student = Student(STUDENTS[config.tier])
        self.ink = Ink(INK_STYLES[config.style])

    def learning_rate(self, step: int, done: float) -> float:
        """Linear warm-up, then a cosine to 2 %; `done` is the share of the run, 0..1."""
        warm = min(1.0, (step + 1) / self.config.warmup_steps)
        cosine = 0.49 * (1 + math.cos(math.pi * min(done, 1.0))) + 0.02
        return self.config.learning_rate * warm * cosine

    def losses(self, sampler: CropSampler, done: float, rng: np.random.Generator) -> StepLosses:
        """Losses of one step on a fresh batch."""
        config = self.config
        crops = sampler.batch(config.batch)
        photo = torch.from_numpy(degrade(crops.photo, rng))
        target, strokes = torch.from_numpy(crops.target), torch.from_numpy(crops.line)
        blocks = to_blocks(photo, BLOCK)
        maps = self.student.maps(blocks)
        in_blocks = maps.flat(blocks)
        picture = from_blocks(in_blocks, BLOCK)
        flat = flat_loss(
            picture,
            target,
            absolute=config.absolute_weight,
            square=config.square_weight,
            gradient=config.gradient_weight,
            sparse=config.sparse_weight,
            quarter=config.quarter_weight,
        )
        line = line_loss(maps.line, self._drawn(in_blocks), strokes)
        total = flat + config.line_weight * line
        steady = torch.zeros(())
        if (weight := self._steady_weight(done)) > 0:
            steady = self._steady(crops.photo, picture, rng)
            total = total + weight * steady
        return StepLosses(total, float(flat.detach()), float(line.detach()), float(steady.detach()))

    def _steady_weight(self, done: float) -> float:
        start = self.config.steady_from
        return self.config.steady_weight * min(1.0, max(0.0, done - start) / 0.15)

    def _steady(self, clean: np.ndarray, picture: Tensor, rng: np.random.Generator) -> Tensor:
        """Mean |answer to a moved, freshly degraded draw - the first answer moved along|."""
        half = len(clean) // 2
        motion = random_motion(half, self.config.crop, rng)
        moved = move(torch.from_numpy(clean[:half]), motion).numpy()
        again: Tensor = self.student(torch.from_numpy(degrade(moved, rng)))
        # Only the second draw learns: the gradient of a resampling costs as much as the network.
        along = move(picture[:half].detach(), motion)
        return (inside(again) - inside(along)).abs().mean()

    @torch.no_grad()
    def _drawn(self, flat: Tensor) -> Tensor:
        luminance = torch.nn.functional.conv2d(flat.clamp(0, 1), self.ink.luminance)  # type: ignore[arg-type]
        return self.ink.lines(luminance)
