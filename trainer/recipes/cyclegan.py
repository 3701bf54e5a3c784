"""CycleGAN (Zhu et al., ICCV 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from torch import Tensor, nn

from livecartoon.models.generator import Generator
from livecartoon.models.papers import build_generator
from trainer.data.unpaired import Batch
from trainer.discriminators.patchgan import PatchGAN
from trainer.losses.adversarial import lsgan_generator_loss, squared
from trainer.losses.content import cycle_loss
from trainer.pool import ImagePool
from trainer.recipes.base import Moment, Move, Term
from trainer.recipes.paper import PaperRecipe, accuracy
from trainer.recipes.settings import PaperTraining, Phase


@dataclass(frozen=True, slots=True)
class CycleGANTraining(PaperTraining):
    """100 epochs at one rate, 100 more down to zero."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "smoke": ("steps=20", "batch=2", "crop=64", "critic_width=16"),
        "lite": (
            *("steps=3000", "batch=1", "crop=96", "critic_width=16", "ema=0.995"),
            *("learning_rate=5e-4", "critic_rate=5e-4", "cycle_weight=5", "identity_weight=1"),
            *("log_every=25",),
        ),
    }

    model: str = "cyclegan"
    batch: int = 1
    main_epochs: int = 200
    critic_width: int = 64
    cycle_weight: float = 10.0
    """lambda of eq. 3; eq. 2 defines the cycle loss."""
    identity_weight: float = 5.0
    """Half of lambda (section 5.2, "photo generation from paintings")."""
    pool: int = 50
    """Generated pictures the critics remember, of each domain."""


class CycleGANRecipe(PaperRecipe):
    """Both generators, then both critics on the same fakes.

    `to_cartoon` is judged by `critic_cartoon`, whose real pictures are cartoons; `to_photo` by
    `critic_photo`, whose real pictures are photos.
    """

    config_type: ClassVar[type[PaperTraining]] = CycleGANTraining
    config: CycleGANTraining

    def cast(self) -> None:
        """Two generators and two critics, one optimiser for each kind."""
        back: Generator = build_generator(self.config.model, **self.changes_back())
        self.players["artist"] = nn.ModuleDict({"to_cartoon": self.generator, "to_photo": back})
        width = self.config.critic_width
        self.players["critics"] = nn.ModuleDict(
            {"cartoon": PatchGAN(width), "photo": PatchGAN(width)}
        )
        for domain in ("cartoon", "photo"):
            self.memory[domain] = ImagePool(self.config.pool, self.config.crop)
        self.back = back

    def changes(self) -> dict[str, object]:
        """Of the generators' configuration, beside what the name says."""
        return {"upsample": "deconv"} if self.config.faithful else {}

    def changes_back(self) -> dict[str, object]:
        """The same of the generator that draws photos."""
        return self.changes()

    def build(self) -> Generator:
        """The generator that draws."""
        return build_generator(self.config.model, **self.changes())

    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Constant for one half, then linearly to zero."""
        half = self.config.main_epochs / 2
        factor = 1 - max(0.0, epoch - (half - 1)) / (half + 1)
        return {
            "artist": factor * self.config.learning_rate,
            "critics": factor * self.config.critic_rate,
        }

    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Eq. 3 for the generators, eq. 1 for the critics."""
        photo, cartoon = batch.photo, batch.cartoon
        with self.playing("artist"):
            drawn, shot = self.run(self.generator, photo), self.run(self.back, cartoon)
            yield Move("artist", self._artist_terms(photo, cartoon, drawn, shot))
        with self.playing("critics"):
            fakes = {"cartoon": (cartoon, drawn), "photo": (photo, shot)}
            yield self._critics_move(fakes, moment)

    def critic(self, domain: str) -> nn.Module:
        """Who knows the real pictures of a domain."""
        return cast(nn.ModuleDict, self.players["critics"])[domain]

    def _artist_terms(
        self, photo: Tensor, cartoon: Tensor, drawn: Tensor, shot: Tensor
    ) -> dict[str, Term]:
        config = self.config
        terms = {
            "fool_cartoon": Term(1.0, self._fooled("cartoon", drawn)),
            "fool_photo": Term(1.0, self._fooled("photo", shot)),
            "cycle_photo": Term(config.cycle_weight, cycle_loss(self.run(self.back, drawn), photo)),
            "cycle_cartoon": Term(
                config.cycle_weight, cycle_loss(self.run(self.generator, shot), cartoon)
            ),
        }
        if config.identity_weight:
            for name, network, own in (
                ("identity_cartoon", self.generator, cartoon),
                ("identity_photo", self.back, photo),
            ):
                terms[name] = Term(config.identity_weight, cycle_loss(self.run(network, own), own))
        return terms

    def _fooled(self, domain: str, fake: Tensor) -> Tensor:
        return lsgan_generator_loss(self.run(self.critic(domain), fake))

    def _critics_move(self, fakes: Mapping[str, tuple[Tensor, Tensor]], moment: Moment) -> Move:
        terms, notes, random = {}, {}, moment.random()
        for domain, (real, fake) in fakes.items():
            pool = cast(ImagePool, self.memory[domain])
            judged = self.run(self.critic(domain), pool.exchange(fake.detach(), random))
            known = self.run(self.critic(domain), real)
            terms[f"{domain}_real"] = Term(0.5, squared(known, 1))
            terms[f"{domain}_fake"] = Term(0.5, squared(judged, 0))
            notes[f"{domain}_real_right"] = accuracy(known, True, 0.5)
            notes[f"{domain}_fake_right"] = accuracy(judged, False, 0.5)
        return Move("critics", terms, notes)
