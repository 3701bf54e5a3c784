"""Recipes by model name."""

from __future__ import annotations

RECIPES: dict[str, str] = {
    "student": "trainer.recipes.student:StudentRecipe",
}
