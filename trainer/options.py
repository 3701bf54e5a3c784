"""From the trainer's command line to the settings of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainer.config import StudentTraining, Training
from trainer.recipes import find_recipe


def training(
    model: str,
    data: str,
    preset: str,
    *,
    style: str = "shinkai",
    tier: str = "small",
    features: str = "",
    faithful: bool = False,
    budget: float = 0.0,
    parameters: tuple[str, ...] = (),
) -> Training:
    """Settings of a recipe: its paper's, then the preset's, then the user's.

    UsageError E201 for an unknown model or key, or a value out of range.
    """
    kind: type[Any] = find_recipe(model).config_type
    config: Training
    if kind is StudentTraining:
        config = StudentTraining(pairs=data, style=style, tier=tier, budget_s=budget)
    else:
        config = kind(model=model, data=data, budget_s=budget)
        config = replace(config, features=features, faithful=faithful)  # type: ignore[call-arg]
    return config.with_preset(preset).with_parameters(parameters)
