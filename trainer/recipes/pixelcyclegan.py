"""PixelCycleGAN: CycleGAN on nested U-Nets that must keep the lines over one cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor

from livecartoon.errors import UsageError
from livecartoon.models.pixelcyclegan import NestedUNet
from trainer.data.unpaired import Batch
from trainer.losses.content import cycle_loss, line_topology_loss
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.cyclegan import CycleGANRecipe, CycleGANTraining


@dataclass(frozen=True, slots=True)
class PixelCycleGANTraining(CycleGANTraining):
    """The repository's weights, with the identity's at CycleGAN's size."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=16"),
        "lite": (
            *("steps=3000", "batch=1", "crop=96", "critic_width=16", "ema=0.995"),
            *("learning_rate=5e-4", "critic_rate=2e-4", "cycle_weight=5", "identity_weight=2.5"),
            *("cell=4", "log_every=25"),
        ),
    }

    model: str = "pixelcyclegan"
    batch: int = 8
    topology_weight: float = 1.0
    """lambda_sc * mu of the topology-aware loss: 10 * 0.1; on Sobel lines ten times that."""
    deep_supervision: bool = True
    """A head per depth learns to reconstruct; makes the depth a speed knob."""
    cell: int = 1
    """Pixels of the style's cells: pictures are painted in them, and the way back draws what is
    within. 1 = as in the paper."""

    def __post_init__(self) -> None:
        CycleGANTraining.__post_init__(self)
        if self.cell < 1 or self.crop % self.cell:
            raise UsageError("E201", f"cell {self.cell} does not divide crop {self.crop}", "4")


class PixelCycleGANRecipe(CycleGANRecipe):
    """Cycle and identity over all heads, the critics on the last one only."""

    config_type: ClassVar[type[CycleGANTraining]] = PixelCycleGANTraining
    config: PixelCycleGANTraining
    generator: NestedUNet

    def changes(self) -> dict[str, object]:
        """Heads at every depth; the published form has one, and no input skip."""
        if self.config.faithful:
            return {"deep_supervision": False, "input_skip": False}
        return {"deep_supervision": self.config.deep_supervision, "cell": self.config.cell}

    def changes_back(self) -> dict[str, object]:
        """The way back paints no cells: its skip carries them, and it draws what is within."""
        changes = self.changes()
        cell = changes.pop("cell", None)
        return changes if cell is None else {**changes, "skip_cell": cell}

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """As CycleGAN's, with the topology of the cartoon's cycle."""
        photo, cartoon = batch.photo, batch.cartoon
        back = cast(NestedUNet, self.back)
        with self.playing("artist"):
            drawn = self.run(self.generator, photo)
            shot = self.run(back, cartoon)
            redrawn = self.run(self.generator.supervised, shot)
            reshot = self.run(back.supervised, drawn)
            terms = {
                "fool_cartoon": Term(1.0, self._fooled("cartoon", drawn)),
                "fool_photo": Term(1.0, self._fooled("photo", shot)),
                "cycle_photo": Term(self.config.cycle_weight, _mean_cycle(reshot, photo)),
                "cycle_cartoon": Term(self.config.cycle_weight, _mean_cycle(redrawn, cartoon)),
                "topology": Term(
                    10 * self.config.topology_weight, line_topology_loss(redrawn[-1], cartoon)
                ),
            }
            terms |= self._identity(photo, cartoon)
            yield Move("artist", terms)
        with self.playing("critics"):
            fakes = {"cartoon": (cartoon, drawn), "photo": (photo, shot)}
            yield self._critics_move(fakes, moment)

    def _identity(self, photo: Tensor, cartoon: Tensor) -> dict[str, Term]:
        weight = self.config.identity_weight
        if not weight:
            return {}
        same_cartoon = self.run(self.generator.supervised, cartoon)
        same_photo = self.run(cast(NestedUNet, self.back).supervised, photo)
        return {
            "identity_cartoon": Term(weight, _mean_cycle(same_cartoon, cartoon)),
            "identity_photo": Term(weight, _mean_cycle(same_photo, photo)),
        }


def _mean_cycle(heads: list[Tensor], start: Tensor) -> Tensor:
    return torch.stack([cycle_loss(head, start) for head in heads]).mean()
