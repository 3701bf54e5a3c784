"""How a student learns a designed target: regression, line placement, steadiness."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from livecartoon.models.blocks import BLOCK, from_blocks, to_blocks
from livecartoon.models.ink import Ink
from livecartoon.models.inkstyle import InkStyle
from livecartoon.models.student import STUDENTS, Student, StudentMaps
from trainer.beginning import beginning, with_gate_gain
from trainer.config import StudentTraining
from trainer.data.motion import inside, move, random_motion
from trainer.data.pairs import Batch, CropSampler, Pair, degrade, read_pairs
from trainer.finished import averaged_student, finished
from trainer.losses.lines import line_loss
from trainer.losses.picture import flat_loss
from trainer.metrics.gates import judge
from trainer.recipes.base import Bytes, Moment, Move, Tensors, Term

SAMPLES = 8
"""Held-out rows on a sample sheet."""

INK_STYLES: dict[str, InkStyle] = {
    "shinkai": InkStyle(0.55, 0.01, 5.0, 2.1, 0.2, (0.05, 0.03, 0.1)),
    "hayao": InkStyle(0.55, 0.01, 5.0, 2.1, 0.25, (0.12, 0.06, 0.02)),
    "hosoda": InkStyle(0.55, 0.012, 4.0, 2.4, 0.15, (0.02, 0.01, 0.02)),
    "paprika": InkStyle(0.6, 0.012, 4.0, 2.1, 0.1, (0.02, 0.0, 0.01)),
    "ink": InkStyle(0.9, 0.012, 4.0, 1.7, 0.03, (0.0, 0.0, 0.0)),
    "pepper": InkStyle(0.55, 0.012, 4.0, 2.2, 0.15, (0.1, 0.05, 0.02)),
}
"""Line parameters of the styles. A low threshold with a long ramp finds faint lines, such as those
of lips and collars, and fades them in and out; a short ramp fills all of an edge's slope, ragged.
Where lines belong is the network's to say. It says so cautiously: a strength above 1 makes up for
that."""


class StudentBatch(NamedTuple):
    """Clean crops and the randomness with which their step degrades and moves them."""

    crops: Batch
    rng: np.random.Generator


class StudentRecipe:
    """Networks, losses and schedule of one run."""

    config_type: ClassVar[type[StudentTraining]] = StudentTraining
    clip: float | None = 1.0

    def __init__(self, config: StudentTraining) -> None:
        self.config = config
        self.steps = config.steps
        self.student = Student(STUDENTS[config.tier])
        self.ink = Ink(INK_STYLES[config.style])
        self.networks = nn.ModuleDict({"student": self.student})
        self.averaged: nn.Module = self.student
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "student": torch.optim.AdamW(
                self.student.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=1e-5
            )
        }
        self.held_out: list[Pair] = []

    def loader(self, rank: int, world: int) -> Callable[[int], StudentBatch]:
        """Crops of the training pairs; also reads those held out."""
        config = self.config
        pairs = read_pairs(Path(config.pairs), "t")
        self.held_out = read_pairs(Path(config.pairs), "h")

        def batch(step: int) -> StudentBatch:
            rng = np.random.default_rng((config.seed, step, rank))
            sampler = CropSampler(pairs, config.crop, config.people_share, rng)
            return StudentBatch(sampler.batch(config.batch), rng)

        return batch

    def start(self) -> None:
        """Begin with another run's parameters or a style's, if wanted."""
        if not self.config.init:
            return
        tensors = beginning(Path(self.config.init), self.config.init_share, self.student)
        self.student.load_state_dict(with_gate_gain(tensors, self.config.gate_gain))

    def schedule(self, moment: Moment) -> str:
        """Set the learning rate."""
        rate = self.learning_rate(moment.step, moment.done)
        for group in self.optimizers["student"].param_groups:
            group["lr"] = rate
        return "main"

    def learning_rate(self, step: int, done: float) -> float:
        """Linear warm-up, then a cosine to 2 %; `done` is the share of the run, 0..1."""
        warm = min(1.0, (step + 1) / self.config.warmup_steps)
        cosine = 0.49 * (1 + math.cos(math.pi * min(done, 1.0))) + 0.02
        return self.config.learning_rate * warm * cosine

    def moves(self, batch: StudentBatch, moment: Moment) -> Iterator[Move]:
        """One move: the flat picture, its lines and, later in the run, its steadiness."""
        config, crops, rng = self.config, batch.crops, batch.rng
        photo = torch.from_numpy(degrade(crops.photo, rng))
        target, strokes = torch.from_numpy(crops.target), torch.from_numpy(crops.line)
        blocks = to_blocks(photo, BLOCK)
        maps = self._maps(blocks)
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
        terms = {"flat": Term(1.0, flat), "line": Term(config.line_weight, line)}
        if (weight := self._steady_weight(moment.done)) > 0:
            terms["steady"] = Term(weight, self._steady(crops.photo, picture, rng))
        yield Move("student", terms)

    def sheet(self, averaged: Tensors) -> list[tuple[Bytes, ...]]:
        """Photo, target and finished picture; people first, for faces show faults soonest."""
        student = averaged_student(averaged, self.config.tier)
        chosen = sorted(self.held_out, key=lambda pair: not pair.is_person)
        middle = SAMPLES // 2
        chosen = chosen[:middle] + chosen[-(SAMPLES - middle) :]
        ink = INK_STYLES[self.config.style]
        return [(p.photo, p.target, finished(student, ink, p.photo)) for p in chosen]

    def judge(self, averaged: Tensors) -> dict[str, float]:
        """The gates' figures on the held-out pairs."""
        return judge(averaged_student(averaged, self.config.tier), self.held_out)

    def facts(self) -> dict[str, Any]:
        """Nothing beyond the configuration."""
        return {}

    def _maps(self, blocks: Tensor) -> StudentMaps:
        with torch.autocast(blocks.device.type, torch.bfloat16, enabled=self.config.bf16):
            maps = self.student.maps(blocks)
        return StudentMaps(*(one.float() for one in maps))

    def _steady_weight(self, done: float) -> float:
        start = self.config.steady_from
        return self.config.steady_weight * min(1.0, max(0.0, done - start) / 0.15)

    def _steady(self, clean: np.ndarray, picture: Tensor, rng: np.random.Generator) -> Tensor:
        """Mean |answer to a moved, freshly degraded draw - the first answer moved along|."""
        half = len(clean) // 2
        motion = random_motion(half, self.config.crop, rng)
        moved = move(torch.from_numpy(clean[:half]), motion).numpy()
        blocks = to_blocks(torch.from_numpy(degrade(moved, rng)), BLOCK)
        again = from_blocks(self._maps(blocks).flat(blocks), BLOCK)
        # Only the second draw learns: the gradient of a resampling costs as much as the network.
        along = move(picture[:half].detach(), motion)
        return (inside(again) - inside(along)).abs().mean()

    @torch.no_grad()
    def _drawn(self, flat: Tensor) -> Tensor:
        luminance = torch.nn.functional.conv2d(flat.clamp(0, 1), self.ink.luminance)  # type: ignore[arg-type]
        return self.ink.lines(luminance)
