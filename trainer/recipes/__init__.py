"""Recipes by the first part of a model's name; importing this package imports no torch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from livecartoon.errors import UsageError

RECIPES: dict[str, str] = {
    "animegan1": "trainer.recipes.animegan1:AnimeGAN1Recipe",
    "animegan2": "trainer.recipes.animegan2:AnimeGAN2Recipe",
    "cartoongan": "trainer.recipes.cartoongan:CartoonGANRecipe",
    "cartoonloss": "trainer.recipes.cartoonloss:CartoonLossRecipe",
    "cyclegan": "trainer.recipes.cyclegan:CycleGANRecipe",
    "demal": "trainer.recipes.demal:DemalRecipe",
    "pixelcyclegan": "trainer.recipes.pixelcyclegan:PixelCycleGANRecipe",
    "salcbam": "trainer.recipes.salcbam:SalCBAMRecipe",
    "student": "trainer.recipes.student:StudentRecipe",
    "whitebox": "trainer.recipes.whitebox:WhiteBoxRecipe",
}


def find_recipe(model: str) -> Any:  # noqa: ANN401  a class that is a Recipe, with its `config_type`
    """The recipe's class for a generator's name: `demal-tiny` is trained as `demal`."""
    place = RECIPES.get(model.partition("-")[0])
    if place is None:
        raise UsageError("E201", f"no recipe for {model!r}", f"one of {', '.join(RECIPES)}")
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def models() -> list[str]:
    """Everything that can be trained, by name."""
    from livecartoon.models.papers import PAPERS

    return sorted({"student", *(name for name in PAPERS if name.partition("-")[0] in RECIPES)})
