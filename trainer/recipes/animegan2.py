"""AnimeGANv2 (the same authors, 2020): layer norms, total variation, weights per style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from livecartoon.errors import UsageError
from trainer.losses.adversarial import (
    ANIMEGAN2_HAYAO,
    ANIMEGAN2_PAPRIKA,
    ANIMEGAN2_SHINKAI,
    CriticWeights,
)
from trainer.recipes.animegan1 import AnimeGAN1Recipe, AnimeGANTraining

CRITIC_WEIGHTS: dict[str, CriticWeights] = {
    "hayao": ANIMEGAN2_HAYAO,
    "paprika": ANIMEGAN2_PAPRIKA,
    "shinkai": ANIMEGAN2_SHINKAI,
}


@dataclass(frozen=True, slots=True)
class AnimeGAN2Training(AnimeGANTraining):
    """The weights of the published Hayao style; other styles' by `-p`."""

    presets: ClassVar[Mapping[str, tuple[str, ...]]] = AnimeGANTraining.presets

    model: str = "animegan2"
    batch: int = 12
    init_epochs: int = 10
    main_epochs: int = 91
    init_rate: float = 2e-4
    learning_rate: float = 2e-5
    critic_rate: float = 4e-5
    content_weight: float = 1.5
    """Hayao 1.5, Paprika 2.0, Shinkai 1.2."""
    style_weight: float = 2.5
    """Hayao 2.5, Paprika 0.6, Shinkai 2.0."""
    color_weight: float = 15.0
    """Hayao 15, Paprika 50, Shinkai 10."""
    tv_weight: float = 1.0
    """Hayao 1, Paprika 0.1, Shinkai 1."""
    critic_style: str = "hayao"
    """Whose weights of real, generated, gray and smoothed pictures: hayao, paprika, shinkai."""

    def __post_init__(self) -> None:
        AnimeGANTraining.__post_init__(self)
        if self.critic_style not in CRITIC_WEIGHTS:
            known = ", ".join(CRITIC_WEIGHTS)
            raise UsageError("E201", f"no critic_style {self.critic_style!r}", f"one of {known}")


class AnimeGAN2Recipe(AnimeGAN1Recipe):
    """AnimeGAN's step with another critic and total variation."""

    config_type = AnimeGAN2Training
    config: AnimeGAN2Training
    norm: ClassVar[Literal["instance", "layer"]] = "layer"

    def critic_weights(self) -> CriticWeights:
        """Of the style."""
        return CRITIC_WEIGHTS[self.config.critic_style]
