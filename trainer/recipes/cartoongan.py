"""CartoonGAN (Chen, Lai and Liu, CVPR 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from trainer.data.unpaired import Batch
from trainer.losses.adversarial import bce_generator_loss, cross_entropy
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.edges import EdgeRecipe
from trainer.recipes.settings import PaperTraining, Phase


@dataclass(frozen=True, slots=True)
class CartoonGANTraining(PaperTraining):
    """Weights of the paper's equations, learning rates of its best-known reimplementation."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=8", "init_epochs=50"),
        "lite": (
            *("steps=3000", "batch=2", "crop=96", "critic_width=8", "ema=0.995"),
            *("init_epochs=25", "main_epochs=75", "init_rate=1e-3", "learning_rate=4e-4"),
            *("critic_rate=4e-4", "content_weight=2", "log_every=25"),
            *("init_pixel_weight=10", "coarse_weight=10"),
        ),
    }

    model: str = "cartoongan"
    init_epochs: int = 10
    main_epochs: int = 200
    content_weight: float = 10.0
    """omega of eq. 1; eq. 4 defines the content loss."""
    smoothed_weight: float = 1.0
    """Of the edge-smoothed cartoons in eq. 3."""


class CartoonGANRecipe(EdgeRecipe):
    """Critic (eq. 3), then generator (eq. 1); the first phase has the content loss alone."""

    config_type = CartoonGANTraining
    config: CartoonGANTraining
    needs = frozenset({"smoothed"})

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """A tenth after a half and again after three quarters of the adversarial phase."""
        config = self.config
        share = (epoch - config.init_epochs) / config.main_epochs
        factor = 0.1 ** ((share >= 0.5) + (share >= 0.75))
        artist = config.init_rate if phase == "init" else factor * config.learning_rate
        return {"artist": artist, "critic": factor * config.critic_rate}

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Reconstruct photos semantically (section 3.3)."""
        with self.playing("artist"):
            fake = self.run(self.generator, batch.photo)
            yield Move("artist", self.first_terms(fake, batch.photo, self.config.content_weight))

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Cross-entropy; the generator then fools the critic and keeps the photo's content."""
        yield self.critic_move(batch, cross_entropy, 0.0, self.config.smoothed_weight)
        critic = self.players["critic"]
        with self.playing("artist"):
            fake = self.run(self.generator, batch.photo)
            terms = {"adversarial": Term(1.0, bce_generator_loss(self.run(critic, fake)))}
            terms |= self.content_terms(fake, batch.photo, self.config.content_weight)
            yield Move("artist", terms)
