"""DEMAL: dual encoders, statistical matching, two critics of structure."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from livecartoon.errors import UsageError
from livecartoon.models.demal import Demal, StyleEncoder
from livecartoon.models.demal_match import Style
from livecartoon.models.generator import Generator
from livecartoon.models.norms import InstanceLayerNorm
from livecartoon.models.papers import build_generator
from trainer.data.unpaired import Batch
from trainer.discriminators.demal import (
    LocalDiscriminator,
    SurfaceDiscriminator,
    surface_view,
    texture_view,
)
from trainer.losses.adversarial import batch_gram_loss, squared
from trainer.losses.color import color_loss, random_gray_weights, weighted_gray
from trainer.losses.content import content_loss, scales_loss
from trainer.losses.tv import squared_tv
from trainer.recipes.base import Moment, Move, Tensors, Term
from trainer.recipes.paper import PaperRecipe, accuracy
from trainer.recipes.settings import PaperTraining, Phase

STYLE_PICTURES = 64
"""Cartoons whose mean style an exported generator draws in."""


@dataclass(frozen=True, slots=True)
class DemalTraining(PaperTraining):
    """The repository's weights before their common division by five."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=8", "upscale=1"),
        "lite": (
            *("steps=3000", "batch=2", "crop=96", "critic_width=8", "upscale=1", "ema=0.995"),
            *("learning_rate=5e-4", "critic_rate=5e-4", "palette_pull=0.3", "temperature=0.1"),
            *("warmup_steps=50", "log_every=25", "init_pixel_weight=10", "init_epochs=45"),
        ),
    }

    model: str = "demal"
    batch: int = 4
    init_epochs: int = 20
    main_epochs: int = 150
    init_rate: float = 2e-3
    warmup_steps: int = 500
    """Of the first phase, whose rate is hot for Adam."""
    adversarial_weight: float = 5.0
    """Of each critic's loss."""
    content_weight: float = 2.0
    color_weight: float = 10.0
    palette_pull: float = 1.0
    """Factor on the colour loss, which holds the photo's colours against the style's."""
    tv_weight: float = 1.0
    temperature: float = 1.0
    """Of the matching's softmax."""
    upscale: int = 2
    """Of what the critics see; 1 for crops under 128."""
    local_loss: Literal["lsgan", "gram_batch"] = "lsgan"

    def __post_init__(self) -> None:
        PaperTraining.__post_init__(self)
        if self.local_loss not in ("lsgan", "gram_batch"):
            raise UsageError("E201", f"no local_loss {self.local_loss!r}", "lsgan or gram_batch")
        if self.upscale not in (1, 2):
            raise UsageError("E201", f"upscale {self.upscale} is neither 1 nor 2")


class DemalRecipe(PaperRecipe):
    """Critics, then content encoder, style encoder, matching and decoder together."""

    config_type = DemalTraining
    config: DemalTraining
    generator: Demal
    draws_from_data = True

    def build(self) -> Generator:
        """The published code samples with aligned corners."""
        changes: dict[str, object] = {"temperature": self.config.temperature}
        if self.config.faithful:
            changes["align_corners"] = True
        return build_generator(self.config.model, **changes)

    def cast(self) -> None:
        """Two encoders on one side, two critics on the other."""
        self.style_encoder = StyleEncoder(self.generator.config.width)
        self.drawing = nn.ModuleDict({"generator": self.generator, "style": self.style_encoder})
        self.players["artist"] = self.drawing
        width = self.config.critic_width
        self.surface, self.local = SurfaceDiscriminator(width), LocalDiscriminator(width)
        self.players["critics"] = nn.ModuleDict({"surface": self.surface, "local": self.local})

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant for two thirds of the main phase, then linearly to zero.

        Published: 2e-4 for 100 epochs, then 4e-6 less in each of 50.
        """
        config = self.config
        share = (epoch - config.init_epochs) / config.main_epochs
        factor = min(1.0, max(0.0, 3 * (1 - share)))
        artist = config.init_rate if phase == "init" else factor * config.learning_rate
        return {"artist": artist, "critics": factor * config.critic_rate}

    def schedule(self, moment: Moment) -> str:
        """Warm up, because the first phase's rate is hot for Adam."""
        phase = super().schedule(moment)
        if phase == "init":
            for group in self.optimizers["artist"].param_groups:
                group["lr"] *= min(1.0, (moment.step + 1) / self.config.warmup_steps)
        return phase

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Content through the neutral matching; the style encoder stands still."""
        with self.playing("artist"):
            self.style_encoder.requires_grad_(False)
            fake = self.run(self.generator.pretrain, batch.photo)
            terms = {"content": Term(self.config.content_weight, self._content(fake, batch.photo))}
            if self.config.init_pixel_weight:
                pixels = content_loss(fake, batch.photo)
                terms["pixels"] = Term(self.config.init_pixel_weight, pixels)
            yield Move("artist", terms)
            self._clamp()

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """One draw of gray weights for real and fake, and for both sides."""
        weights = random_gray_weights(moment.random())
        fake = self.imagine(self._draw, batch.photo, batch.cartoon)
        with self.playing("critics"):
            yield self._critics_move(batch.cartoon, fake, weights)
        with self.playing("artist"):
            yield Move("artist", self._artist_terms(batch, weights))
            self._clamp()

    def _draw(self, photo: Tensor, cartoon: Tensor) -> Tensor:
        style = self.generator.matcher.style_of(self.style_encoder(cartoon))
        return self.generator.draw(photo, style)

    def _views(self, picture: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """What the critics see: surfaces, and the texture in gray.

        The published code takes the texture from the surface, which has lost it.
        """
        upscale = self.config.upscale
        surface = surface_view(picture, upscale)
        if self.config.faithful:
            return surface, weighted_gray(surface, weights)
        return surface, texture_view(weighted_gray(picture, weights), upscale)

    def _judge(self, picture: Tensor, weights: Tensor) -> dict[str, Tensor]:
        surface, texture = self._views(picture, weights)
        return {
            "surface": self.run(self.surface, surface),
            "local": self.run(self.local, texture),
        }

    def _loss(self, name: str, logits: Tensor, label: float) -> Tensor:
        is_gram = self.config.faithful or self.config.local_loss == "gram_batch"
        is_gram = is_gram and name == "local"
        return batch_gram_loss(logits, label) if is_gram else squared(logits, label)

    def _critics_move(self, cartoon: Tensor, fake: Tensor, weights: Tensor) -> Move:
        terms, notes = {}, {}
        real, faked = self._judge(cartoon, weights), self._judge(fake, weights)
        for name in real:
            terms[f"{name}_real"] = Term(0.5, self._loss(name, real[name], 1))
            terms[f"{name}_fake"] = Term(0.5, self._loss(name, faked[name], 0))
            notes[f"{name}_real_right"] = accuracy(real[name], True, 0.5)
            notes[f"{name}_fake_right"] = accuracy(faked[name], False, 0.5)
        return Move("critics", terms, notes)

    def _artist_terms(self, batch: Batch, weights: Tensor) -> dict[str, Term]:
        config = self.config
        fake = self.run(self._draw, batch.photo, batch.cartoon)
        judged = self._judge(fake, weights)
        adversarial = config.adversarial_weight / 5
        colour = config.color_weight * config.palette_pull / 5
        return {
            "surface": Term(adversarial, self._loss("surface", judged["surface"], 1)),
            "local": Term(adversarial, self._loss("local", judged["local"], 1)),
            "content": Term(config.content_weight / 5, self._content(fake, batch.photo)),
            "color": Term(colour, color_loss(fake, batch.photo)),
            "tv": Term(config.tv_weight / 5, squared_tv(fake)),
        }

    def _content(self, fake: Tensor, photo: Tensor) -> Tensor:
        first = content_loss(self.content_of(fake), self.photo_content(photo))
        return scales_loss(first, fake, photo)

    def _clamp(self) -> None:
        """Keep the norms' mixing shares within 0..1; the published code lets them go."""
        for module in self.generator.modules():
            if isinstance(module, InstanceLayerNorm) and not self.config.faithful:
                module.clamp()

    @property
    def averaged(self) -> nn.Module:
        """Both encoders: the exported style must be of the averaged ones."""
        return self.drawing

    @torch.no_grad()
    def artist(self, averaged: Tensors) -> Generator:
        """The generator with the mean style of the data's cartoons."""
        drawing = copy.deepcopy(self.drawing)
        drawing.load_state_dict(averaged)
        drawing.to(self.device).eval().requires_grad_(False)
        generator = cast(Demal, drawing["generator"])
        generator.set_style(self._mean_style(generator, drawing["style"]))
        return generator

    def _mean_style(self, generator: Demal, encoder: nn.Module) -> Style:
        assert self._loader is not None, "a run has its loader before it draws"
        pictures = self._loader.cartoons.pictures
        styles = []
        for picture in pictures[:: max(1, len(pictures) // STYLE_PICTURES)][:STYLE_PICTURES]:
            crop = picture[None, :, : picture.shape[1] // 4 * 4, : picture.shape[2] // 4 * 4]
            cartoon = crop.to(self.device).float() / 127.5 - 1
            styles.append(generator.matcher.style_of(encoder(cartoon)))
        spread, mean = (torch.cat(parts) for parts in zip(*styles, strict=True))
        return Style(spread, mean).average()
