"""What the papers' recipes have in common: settings, networks, phases, sample pictures."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from livecartoon.models.generator import Generator, paint
from livecartoon.models.papers import build_generator
from trainer.data.unpaired import Batch, UnpairedLoader
from trainer.features import Features, FeatureScale, load_features
from trainer.losses.content import coarse_colour_loss, content_loss
from trainer.processes import find_device
from trainer.recipes.base import Bytes, Moment, Move, Tensors, Term, playing
from trainer.recipes.formats import channels_last, in_float32, to_bytes
from trainer.recipes.settings import PaperTraining, Phase
from trainer.recipes.weights import normal_weights, settle_spectral_norms

SAMPLES = 6
"""Photos on a sample sheet."""
SAMPLE_SIDE = 256


class PaperRecipe(ABC):
    """A generator, its critics and the frozen perceptual network; a paper fills in the moves."""

    config_type: ClassVar[type[PaperTraining]] = PaperTraining
    needs: ClassVar[frozenset[str]] = frozenset()
    scale: ClassVar[FeatureScale] = "torchvision"
    """What the weights of this recipe presume of features."""
    draws_from_data: ClassVar[bool] = False
    """Whether the finished generator needs the data folder's cartoons."""
    clip: float | None = None

    def __init__(self, config: Any) -> None:  # noqa: ANN401  each recipe narrows it
        self.config = config
        self.device = find_device(config.device)
        self.generator: Generator = self.build()
        self.players = nn.ModuleDict()
        """What learns, by the name of its optimiser."""
        self.memory = nn.ModuleDict({"phase": _PhaseMemory()})
        self.cast()
        self.initialise()
        settle_spectral_norms(self.players)
        self.features: Features = load_features(config.features, self.scale)
        for part in (self.players, self.memory, self.features):
            part.to(self.device)
        if config.channels_last:
            cast(Any, self.players).to(memory_format=torch.channels_last)
        self.networks = nn.ModuleDict({"players": self.players, "memory": self.memory})
        self.optimizers = {name: self.optimizer(name) for name in self.players}
        self.epoch_steps = 0
        self._loader: UnpairedLoader | None = None

    # What a paper says

    def build(self) -> Generator:
        """The generator, untrained."""
        return build_generator(self.config.model)

    @abstractmethod
    def cast(self) -> None:
        """Fill `players`."""

    def initialise(self) -> None:
        """Start weights: N(0, 0.02) unless a paper says otherwise."""
        self.players.apply(normal_weights)

    @abstractmethod
    def rates(self, epoch: float, phase: Phase) -> Mapping[str, float]:
        """Learning rate of every player."""

    def initial(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Moves of the first phase; some papers have none."""
        yield from ()

    @abstractmethod
    def main(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """Moves of the adversarial phase."""

    @property
    def averaged(self) -> nn.Module:
        """The generator, unless its pictures need more."""
        return self.generator

    def artist(self, averaged: Tensors) -> Generator:
        """The generator to show and to export, in eval mode."""
        network = copy.deepcopy(self.averaged)
        network.load_state_dict(averaged)
        return cast(Generator, network.eval().requires_grad_(False))

    # What the loop asks

    def loader(self, rank: int, world: int) -> Callable[[int], Batch]:
        """Unpaired batches of the data folder."""
        config = self.config
        self._loader = UnpairedLoader(
            Path(config.data),
            batch=config.batch,
            crop=config.crop,
            seed=config.seed,
            needs=self.needs,
            rank=rank,
            world=world,
            device=self.device,
        )
        self.epoch_steps = math.ceil(len(self._loader.photos) / (config.batch * world))
        return self._loader

    @property
    def steps(self) -> int:
        """As set, or of all epochs."""
        return int(self.config.steps or self.config.epochs * self.epoch_steps)

    def epoch(self, moment: Moment) -> float:
        """Epochs since the start; whole numbers only where the run has the paper's length."""
        config = self.config
        if config.steps == 0 and moment.step / self.steps >= moment.done:
            return float(moment.step // self.epoch_steps)
        return float(math.floor(moment.done * config.epochs * 1000) / 1000)

    def phase(self, moment: Moment) -> Phase:
        """Which part of the schedule this is."""
        return "init" if self.epoch(moment) < self.config.init_epochs else "main"

    def main_epoch(self, moment: Moment) -> float:
        """Epochs since the adversarial phase began."""
        return max(0.0, self.epoch(moment) - float(self.config.init_epochs))

    def schedule(self, moment: Moment) -> str:
        """Set the learning rates."""
        phase = self.phase(moment)
        for name, rate in self.rates(self.epoch(moment), phase).items():
            for group in self.optimizers[name].param_groups:
                group["lr"] = rate
        memory = cast(_PhaseMemory, self.memory["phase"])
        if phase == "main" and not bool(memory.is_main):
            memory.is_main.fill_(True)
            self.enter_main()
        return phase

    def enter_main(self) -> None:
        """Forget the critics' moments, which the first phase's other task has shaped."""
        for name in self.players:
            if name.startswith("critic"):
                self.optimizers[name].state.clear()

    def moves(self, batch: Batch, moment: Moment) -> Iterator[Move]:
        """The moves of the present phase."""
        if self.config.channels_last:
            batch = channels_last(batch)
        if self.phase(moment) == "init":
            yield from self.initial(batch, moment)
        else:
            yield from self.main(batch, moment)

    def start(self) -> None:  # noqa: B027  most need nothing
        """Nothing more than the constructor did."""

    def facts(self) -> dict[str, Any]:
        """Which perceptual network, and how long an epoch is."""
        return {"features": self.features.facts(), "epoch_steps": self.epoch_steps}

    @torch.no_grad()
    def sheet(self, averaged: Tensors) -> list[tuple[Bytes, ...]]:
        """Photos and their cartoons."""
        assert self._loader is not None, "a run has its loader before it shows anything"
        artist = self.artist(averaged).to(self.device)
        photos = self._loader.photos.pictures
        stride = max(1, len(photos) // SAMPLES)
        rows = []
        for photo in photos[::stride][:SAMPLES]:
            picture = photo[None].to(self.device).float() / 127.5 - 1
            drawn = self.finished(artist, picture)
            rows.append(tuple(to_bytes(p) for p in (picture, drawn)))
        return rows

    def finished(self, artist: Generator, photo: Tensor) -> Tensor:
        """What a user would see."""
        return paint(artist, photo)

    def judge(self, averaged: Tensors) -> dict[str, float]:
        """Nothing yet: `eval` compares with other runs."""
        return {}

    # For the papers' moves

    @contextmanager
    def playing(self, player: str | None) -> Iterator[None]:
        """Let one player learn."""
        with playing(cast(Mapping[str, nn.Module], self.players), player):
            yield

    def run(self, network: Callable[..., Any], *inputs: Any) -> Any:  # noqa: ANN401  any network
        """Call a network, under autocast if wanted; floats come back in float32."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            return in_float32(network(*inputs))

    def imagine(self, network: Callable[..., Any], *inputs: Any) -> Any:  # noqa: ANN401
        """As `run`, while nobody learns: pictures for the critic's step."""
        with self.playing(None), torch.no_grad():
            return self.run(network, *inputs)

    def optimizer(self, player: str) -> torch.optim.Optimizer:
        """Adam, as in all of the papers."""
        return torch.optim.Adam(
            self.players[player].parameters(), lr=0.0, betas=(self.config.beta1, self.config.beta2)
        )

    def content_of(self, picture: Tensor) -> Tensor:
        """Features for a content loss; of a photo, ask under no_grad."""
        return self.features.content(picture, self.config.content_layer)

    def first_terms(self, fake: Tensor, photo: Tensor, weight: float) -> dict[str, Term]:
        """Content of the photo, with the pixels that a short run may add."""
        content = content_loss(self.content_of(fake), self.photo_content(photo))
        terms = {"content": Term(weight, content)}
        if self.config.init_pixel_weight:
            terms["pixels"] = Term(self.config.init_pixel_weight, content_loss(fake, photo))
        return terms

    def content_terms(self, fake: Tensor, photo: Tensor, weight: float) -> dict[str, Term]:
        """Content of the photo, with the coarse colours that stand-ins may need."""
        content = content_loss(self.content_of(fake), self.photo_content(photo))
        terms = {"content": Term(weight, content)}
        if self.config.coarse_weight:
            terms["coarse"] = Term(self.config.coarse_weight, coarse_colour_loss(fake, photo))
        return terms

    def photo_content(self, photo: Tensor) -> Tensor:
        """Features of what does not learn."""
        with torch.no_grad():
            return self.content_of(photo)


class _PhaseMemory(nn.Module):
    """Whether the adversarial phase has begun, in every checkpoint."""

    is_main: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("is_main", torch.tensor(False))


def accuracy(logits: Tensor, is_real: bool, threshold: float) -> Tensor:
    """Share of logits on the right side: 0 for cross-entropy, 0.5 for least squares."""
    found = logits.detach() > threshold
    return (found if is_real else ~found).float().mean()
