"""Saliency-guided CartoonGAN (Zhang and Yu): a second network knows what viewers look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from livecartoon.models.salcbam import SalCBAM, SaliencyFeatures
from trainer.data.unpaired import Batch
from trainer.losses.adversarial import lsgan_generator_loss, squared
from trainer.losses.content import decayed_content_weight
from trainer.losses.saliency import saliency_loss
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.edges import EdgeRecipe
from trainer.recipes.settings import PaperTraining, Phase


@dataclass(frozen=True, slots=True)
class SalCBAMTraining(PaperTraining):
    """The paper's weights; its batch and lengths are not stated."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=8", "init_epochs=25"),
        "lite": (
            *("steps=3000", "batch=2", "crop=96", "critic_width=8", "ema=0.995"),
            *("init_epochs=10", "main_epochs=30", "init_rate=1e-3", "learning_rate=4e-4"),
            *("critic_rate=4e-4", "content_weight=1", "log_every=25"),
            *("init_pixel_weight=10", "coarse_weight=3"),
        ),
    }

    model: str = "salcbam"
    batch: int = 4
    init_epochs: int = 10
    main_epochs: int = 100
    content_weight: float = 0.25
    """omega_con of eq. 11."""
    content_decay: float = 0.96
    """omega_decay per adversarial epoch (eq. 12)."""
    saliency_weight: float = 1.0
    """omega_sal of eq. 11."""


class SalCBAMRecipe(EdgeRecipe):
    """Critic (eq. 8), then generator and saliency network together (eq. 11)."""

    config_type = SalCBAMTraining
    config: SalCBAMTraining
    needs = frozenset({"smoothed", "photo_saliency"})
    generator: SalCBAM

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant."""
        config = self.config
        artist = config.init_rate if phase == "init" else config.learning_rate
        return {"artist": artist, "critic": config.critic_rate}

    def content_weight(self, moment: Moment) -> float:
        """Eq. 12, by whole epochs of the adversarial phase."""
        config = self.config
        epoch = int(self.main_epoch(moment))
        return decayed_content_weight(epoch, config.content_weight, config.content_decay)

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Generator by content, saliency network by saliency, neither by the other's loss."""
        assert batch.photo_saliency is not None, "asked for in `needs`"
        with self.playing("artist"):
            features = self.run(self.generator.saliency, batch.photo)
            apart = SaliencyFeatures(*(stage.detach() for stage in features))
            fake = self.run(self.generator.draw, batch.photo, apart)
            found = self.run(self.generator.saliency.saliency, features)
            terms = self.first_terms(fake, batch.photo, 1.0)
            terms["saliency"] = Term(1.0, saliency_loss(found, batch.photo_saliency))
            yield Move("artist", terms)

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Least squares; the content's weight decays."""
        assert batch.photo_saliency is not None, "asked for in `needs`"
        yield self.critic_move(batch, squared, 0.5)
        critic = self.players["critic"]
        with self.playing("artist"):
            fake, found = self.run(self.generator.with_saliency, batch.photo)
            terms = self.content_terms(fake, batch.photo, self.content_weight(moment))
            terms |= {
                "adversarial": Term(1.0, lsgan_generator_loss(self.run(critic, fake))),
                "saliency": Term(
                    self.config.saliency_weight, saliency_loss(found, batch.photo_saliency)
                ),
            }
            yield Move("artist", terms)
