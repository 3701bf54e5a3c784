"""AnimeGAN (Chen, Liu and Chen, ISICA 2019), and the step its second version shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from trainer.data.unpaired import Batch
from trainer.discriminators.animegan import AnimeGANDiscriminator
from trainer.losses.adversarial import ANIMEGAN1, CriticWeights, lsgan_generator_loss, squared
from trainer.losses.color import color_loss, rgb_to_gray
from trainer.losses.style import style_loss
from trainer.losses.tv import squared_tv
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.paper import PaperRecipe, accuracy
from trainer.recipes.settings import PaperTraining, Phase
from trainer.recipes.weights import he_weights, normal_weights


@dataclass(frozen=True, slots=True)
class AnimeGANTraining(PaperTraining):
    """The published code's weights, which presume features of a caffe VGG19."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=8", "init_epochs=25"),
        "lite": (
            *("steps=3000", "batch=2", "crop=96", "critic_width=8", "ema=0.995"),
            *("init_epochs=25", "main_epochs=75", "init_rate=2e-3", "learning_rate=4e-4"),
            *("critic_rate=4e-4", "style_weight=0.4", "log_every=25"),
            *("init_pixel_weight=1000", "content_weight=1", "color_weight=500"),
        ),
    }

    model: str = "animegan1"
    batch: int = 6
    init_epochs: int = 5
    main_epochs: int = 96
    init_rate: float = 1e-4
    learning_rate: float = 8e-5
    critic_rate: float = 1.6e-4
    adversarial_weight: float = 300.0
    """Of the generator's and of the critic's loss."""
    content_weight: float = 1.5
    style_weight: float = 3.0
    """Of the gray cartoons' Gram matrix."""
    color_weight: float = 10.0
    """Of the photo's colours in YUV."""
    tv_weight: float = 0.0


class AnimeGAN1Recipe(PaperRecipe):
    """The critic also sees cartoons without colour, and edge-smoothed ones without colour."""

    config_type: ClassVar[type[PaperTraining]] = AnimeGANTraining
    config: AnimeGANTraining
    needs = frozenset({"smoothed"})
    scale = "caffe"
    norm: ClassVar[Literal["instance", "layer"]] = "instance"

    def cast(self) -> None:
        """One generator, one critic."""
        self.players["artist"] = self.generator
        self.players["critic"] = AnimeGANDiscriminator(self.norm, self.config.critic_width)

    def initialise(self) -> None:
        """He's variance for the generator, N(0, 0.02) for the critic."""
        self.generator.apply(he_weights)
        self.players["critic"].apply(normal_weights)

    def critic_weights(self) -> CriticWeights:
        """Of the four kinds of pictures."""
        return ANIMEGAN1

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant."""
        config = self.config
        artist = config.init_rate if phase == "init" else config.learning_rate
        return {"artist": artist, "critic": config.critic_rate}

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Content alone."""
        with self.playing("artist"):
            fake = self.run(self.generator, batch.photo)
            yield Move("artist", self.first_terms(fake, batch.photo, self.config.content_weight))

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Critic, then generator."""
        critic = self.players["critic"]
        fake = self.imagine(self.generator, batch.photo)
        with self.playing("critic"):
            yield self._critic_move(critic, batch, fake)
        with self.playing("artist"):
            yield Move("artist", self._artist_terms(critic, batch))

    def _critic_move(self, critic: nn.Module, batch: Batch, fake: Tensor) -> Move:
        assert batch.smoothed is not None, "asked for in `needs`"
        weights = self.critic_weights()
        seen = {
            "real": (batch.cartoon, weights.real),
            "fake": (fake, weights.fake),
            "gray": (rgb_to_gray(batch.cartoon), weights.gray),
            "smoothed": (rgb_to_gray(batch.smoothed), weights.smoothed),
        }
        terms, notes = {}, {}
        for name, (picture, weight) in seen.items():
            logits = self.run(critic, picture)
            label = float(name == "real")
            terms[name] = Term(self.config.adversarial_weight * weight, squared(logits, label))
            notes[f"{name}_right"] = accuracy(logits, name == "real", 0.5)
        return Move("critic", terms, notes)

    def _artist_terms(self, critic: nn.Module, batch: Batch) -> dict[str, Term]:
        config = self.config
        fake = self.run(self.generator, batch.photo)
        with torch.no_grad():
            texture = self.content_of(rgb_to_gray(batch.cartoon))
        judged = lsgan_generator_loss(self.run(critic, fake))
        terms = {
            "adversarial": Term(config.adversarial_weight, judged),
            "gray_style": Term(config.style_weight, style_loss(self.content_of(fake), texture)),
            "color": Term(config.color_weight, color_loss(fake, batch.photo)),
        }
        terms |= self.content_terms(fake, batch.photo, config.content_weight)
        if config.tv_weight:
            terms["tv"] = Term(config.tv_weight, squared_tv(fake) / 2)
        return terms
