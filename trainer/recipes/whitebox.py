"""White-box Cartoonization (Wang and Yu, CVPR 2020): surface, structure and texture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from livecartoon.models.generator import Generator, paint
from livecartoon.models.guided import guided_filter
from livecartoon.models.whitebox import FILTER_EPS, FILTER_RADIUS, WhiteBox
from trainer.data.unpaired import Batch
from trainer.discriminators.whitebox import WhiteBoxDiscriminator
from trainer.losses.adversarial import squared
from trainer.losses.color import random_gray_weights, weighted_gray
from trainer.losses.content import content_loss
from trainer.losses.superpixels import superpixel_means
from trainer.losses.tv import squared_tv
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.paper import PaperRecipe, accuracy
from trainer.recipes.settings import PaperTraining, Phase
from trainer.recipes.weights import xavier_weights

SURFACE_RADIUS, SURFACE_EPS = 5, 0.2
"""Of the filter that leaves the surface."""
TRAINING_EPS = 1e-2
"""Of the filter behind the generator; twice what users get."""


@dataclass(frozen=True, slots=True)
class WhiteBoxTraining(PaperTraining):
    """The published code's weights, as they act: its means are divided by sizes once more."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=8", "init_epochs=5"),
        "lite": (
            *("steps=5000", "batch=2", "crop=96", "critic_width=8", "ema=0.995"),
            *("init_epochs=2", "main_epochs=8", "init_rate=2e-3", "learning_rate=4e-4"),
            *("critic_rate=4e-4", "log_every=25"),
        ),
    }

    model: str = "whitebox"
    batch: int = 16
    init_epochs: int = 120
    """50,000 steps on the published 6,656 photos."""
    main_epochs: int = 240
    beta2: float = 0.99
    surface_weight: float = 0.1
    """lambda 1 of eq. 8."""
    texture_weight: float = 1.0
    """lambda 2."""
    structure_weight: float = 200 / 524288
    """lambda 3, over the 32 * 32 * 512 features of 256 x 256 pixels."""
    content_weight: float = 200 / 524288
    """lambda 4."""
    tv_weight: float = 1e4 / 196608
    """lambda 5, over 3 * 256 * 256."""
    segments: int = 200
    """Superpixels at 256 x 256."""


class WhiteBoxRecipe(PaperRecipe):
    """Generator, then both critics; the first phase copies photos by pixels."""

    config_type = WhiteBoxTraining
    config: WhiteBoxTraining
    scale = "caffe"
    generator: WhiteBox

    def cast(self) -> None:
        """A critic of surfaces and one of textures."""
        self.players["artist"] = self.generator
        width = self.config.critic_width
        self.surface = WhiteBoxDiscriminator(width=width)
        self.texture = WhiteBoxDiscriminator(inputs=1, width=width)
        critics = nn.ModuleDict({"surface": self.surface, "texture": self.texture})
        self.players["critics"] = critics

    def initialise(self) -> None:
        """Xavier's variance throughout: the generator has no norm to mend another."""
        self.players.apply(xavier_weights)

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant."""
        config = self.config
        artist = config.init_rate if phase == "init" else config.learning_rate
        return {"artist": artist, "critics": config.critic_rate}

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Mean |difference| of pixels, without the filter."""
        with self.playing("artist"):
            drawn = self.run(self.generator, batch.photo)
            yield Move("artist", {"pixels": Term(1.0, content_loss(drawn, batch.photo))})

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Eq. 8; one draw of gray weights for real and fake."""
        weights = random_gray_weights(moment.random())
        with self.playing("artist"):
            drawn = self.run(self.generator, batch.photo)
            fake = guided_filter(batch.photo, drawn, FILTER_RADIUS, TRAINING_EPS)
            yield Move("artist", self._artist_terms(batch.photo, fake, weights))
        with self.playing("critics"):
            real, faked = (self._judge(p, weights) for p in (batch.cartoon, fake.detach()))
            terms, notes = {}, {}
            for name in real:
                terms[f"{name}_real"] = Term(0.5, squared(real[name], 1))
                terms[f"{name}_fake"] = Term(0.5, squared(faked[name], 0))
                notes[f"{name}_real_right"] = accuracy(real[name], True, 0.5)
                notes[f"{name}_fake_right"] = accuracy(faked[name], False, 0.5)
            yield Move("critics", terms, notes)

    def _judge(self, picture: Tensor, weights: Tensor) -> dict[str, Tensor]:
        surface = guided_filter(picture, picture, SURFACE_RADIUS, SURFACE_EPS)
        return {
            "surface": self.run(self.surface, surface),
            "texture": self.run(self.texture, weighted_gray(picture, weights)),
        }

    def _artist_terms(self, photo: Tensor, fake: Tensor, weights: Tensor) -> dict[str, Term]:
        config = self.config
        judged = self._judge(fake, weights)
        found = self.content_of(fake)
        segments = max(16, round(config.segments * (config.crop / 256) ** 2))
        with torch.no_grad():
            structure = self.content_of(superpixel_means(fake.clamp(-1, 1), segments))
        return {
            "surface": Term(config.surface_weight, squared(judged["surface"], 1)),
            "texture": Term(config.texture_weight, squared(judged["texture"], 1)),
            "structure": Term(config.structure_weight, content_loss(found, structure)),
            "content": Term(config.content_weight, content_loss(found, self.photo_content(photo))),
            "tv": Term(config.tv_weight, squared_tv(fake)),
        }

    def finished(self, artist: Generator, photo: Tensor) -> Tensor:
        """Behind the guided filter, as users see it."""
        return guided_filter(photo, paint(artist, photo), FILTER_RADIUS, FILTER_EPS)
