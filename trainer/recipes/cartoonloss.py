"""CartoonLossGAN (Dong et al., IEEE TIP 2021): the critic's encoder feeds the decoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from livecartoon.models.cartoonloss import CartoonLoss
from trainer.data.unpaired import Batch
from trainer.discriminators.cartoonloss import CartoonLossDiscriminator
from trainer.losses.adversarial import bce_generator_loss, cross_entropy
from trainer.losses.color import color_loss, rgb_to_gray
from trainer.losses.style import style_loss
from trainer.losses.tv import absolute_tv
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.paper import PaperRecipe, accuracy
from trainer.recipes.settings import PaperTraining, Phase
from trainer.recipes.weights import he_weights, normal_weights


@dataclass(frozen=True, slots=True)
class CartoonLossTraining(PaperTraining):
    """The paper's weights, which presume features of a caffe VGG19."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "init_epochs=8"),
        "lite": (
            *("steps=3000", "batch=2", "crop=96", "init_epochs=10", "init_rate=2e-3"),
            *("learning_rate=5e-4", "critic_rate=2e-4", "ema=0.995", "style_weight=0.4"),
            *("log_every=25", "init_pixel_weight=1000", "coarse_weight=500", "color_weight=500"),
            *("content_weight=1",),
        ),
    }

    model: str = "cartoonloss"
    batch: int = 4
    init_epochs: int = 2
    main_epochs: int = 30
    adversarial_weight: float = 300.0
    """lambda 1 of eq. 7."""
    content_weight: float = 1.5
    """lambda 2."""
    style_weight: float = 2.5
    """lambda 3 of the gray style loss (eq. 3)."""
    color_weight: float = 100.0
    """lambda 4 of the colour style loss (eq. 4)."""
    tv_weight: float = 1.0
    """lambda 5."""
    smoothed_weight: float = 0.1
    """omega of the edge-smoothed cartoons in eq. 1."""
    huber_delta: float = 1.0
    """Of the colour loss; with 1 no difference on [0, 1] leaves the quadratic part."""


class CartoonLossRecipe(PaperRecipe):
    """The encoder moves with the critic and never with the decoder.

    In the decoder's step it judges the fake, differentiably, and codes photo and cartoon for
    it without gradients; in eval mode, so that its spectral norms stand still.
    """

    config_type = CartoonLossTraining
    config: CartoonLossTraining
    needs = frozenset({"smoothed"})
    scale = "caffe"
    generator: CartoonLoss

    def cast(self) -> None:
        """The critic owns the encoder."""
        encoder, width = self.generator.encoder, self.generator.config.width
        self.critic = CartoonLossDiscriminator(encoder, width)
        self.players["critic"] = self.critic
        self.players["artist"] = self.generator.decoder

    def initialise(self) -> None:
        """The critic as all critics; the decoder by fan-in, as in AnimeGANv2."""
        self.critic.apply(normal_weights)
        self.generator.decoder.apply(he_weights)

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant."""
        config = self.config
        artist = config.init_rate if phase == "init" else config.learning_rate
        return {"artist": artist, "critic": config.critic_rate}

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """The encoder learns to know photos (eq. 6), the decoder to keep their content."""
        yield self._critic_move(batch, batch.photo, None)
        with self.playing("artist"):
            fake = self.run(self.generator.decode, self._code(batch.photo))
            yield Move("artist", self.first_terms(fake, batch.photo, self.config.content_weight))

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Critic (eq. 1), then decoder (eq. 7)."""
        yield self._critic_move(batch, batch.cartoon, batch.smoothed)
        yield from self._artist_move(batch)

    def _critic_move(self, batch: Batch, real: Tensor, smoothed: Tensor | None) -> Move:
        fake = self.imagine(self.generator, batch.photo)
        with self.playing("critic"):
            logits = {"real": self.run(self.critic, real), "fake": self.run(self.critic, fake)}
            terms = {
                "real": Term(1.0, cross_entropy(logits["real"], 1)),
                "fake": Term(1.0, cross_entropy(logits["fake"], 0)),
            }
            if smoothed is not None:
                logits["smoothed"] = self.run(self.critic, smoothed)
                loss = cross_entropy(logits["smoothed"], 0)
                terms["smoothed"] = Term(self.config.smoothed_weight, loss)
        notes = {f"{n}_right": accuracy(v, n == "real", 0.0) for n, v in logits.items()}
        return Move("critic", terms, notes)

    def _artist_move(self, batch: Batch) -> Iterator[Move]:
        config = self.config
        with self.playing("artist"):
            fake = self.run(self.generator.decode, self._code(batch.photo))
            redrawn = self.run(self.generator.decode, self._code(batch.cartoon))
            with torch.no_grad():
                cartoon_texture = self.content_of(rgb_to_gray(batch.cartoon))
            style = style_loss(self.content_of(rgb_to_gray(fake)), cartoon_texture)
            color = color_loss(redrawn, batch.cartoon, config.huber_delta)
            judged = bce_generator_loss(self.run(self.critic, fake))
            terms = {
                "adversarial": Term(config.adversarial_weight, judged),
                "gray_style": Term(config.style_weight, style),
                "color_style": Term(config.color_weight, color),
                "tv": Term(config.tv_weight, absolute_tv(fake)),
            }
            terms |= self.content_terms(fake, batch.photo, config.content_weight)
            yield Move("artist", terms)

    def _code(self, picture: Tensor) -> Tensor:
        with torch.no_grad():
            code: Tensor = self.run(self.generator.encoder, picture)
        return code
