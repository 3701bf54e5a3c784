"""How near every shipped student comes to its designed targets, on photos it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from livecartoon.models.checkpoint import read_checkpoint
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.load import load_student
from livecartoon.styles import find_style, list_styles
from trainer.data.pairs import Pair, read_pairs, to_floats
from trainer.metrics.beside_target import (
    finished_sharpness,
    noisy_draws,
    target_draws,
    warp_error,
)
from trainer.metrics.gates import flat_picture, judge
from trainer.targets.parameters import FillParameters
from trainer.targets.pipeline import Fills
from trainer.targets.styles import STYLES

WARPED = 12
"""Photos of which two noisy, moved draws are made: their targets take seconds each."""


def measure_styles(pairs: Path) -> dict[str, Any]:
    """Figures of every shipped style and tier; `pairs` has a folder of held-out pairs for each."""
    figures: dict[str, Any] = {}
    known: list[dict[FillParameters, tuple[Fills, Fills]]] = [{} for _ in range(WARPED)]
    for style in (style for style in list_styles() if style.name in STYLES):
        held_out = read_pairs(pairs / style.name, "h")
        shaky = _of_targets(held_out, style.name, known)
        for tier in style.files:
            figures[f"{style.name} {tier}"] = _measure(style.name, tier, held_out, shaky)
    return {"photos": len(held_out), "warped": len(known), "styles": figures}


def _chosen(held_out: list[Pair]) -> list[Pair]:
    people = [pair for pair in held_out if pair.is_person]
    others = [pair for pair in held_out if not pair.is_person]
    half = min(WARPED // 2, len(people))
    return [*people[:half], *others[: WARPED - half]]


def _photo(pair: Pair) -> np.ndarray:
    height, width = (side // 8 * 8 for side in pair.line.shape)
    return to_floats(pair.photo[:height, :width])


def _of_targets(
    held_out: list[Pair], style: str, known: list[dict[FillParameters, tuple[Fills, Fills]]]
) -> list[float]:
    errors = []
    for number, (pair, fills) in enumerate(zip(_chosen(held_out), known, strict=False)):
        draws = noisy_draws(_photo(pair), number)
        errors.append(warp_error(*target_draws(draws, STYLES[style], fills)))
    return errors


def _measure(style: str, tier: str, held_out: list[Pair], shaky: list[float]) -> dict[str, float]:
    checkpoint = read_checkpoint(find_style(style).files[tier])
    student, ink = load_student(checkpoint), ink_of(checkpoint.header)
    errors = []
    for number, pair in enumerate(_chosen(held_out)):
        first, second = noisy_draws(_photo(pair), number)
        errors.append(warp_error(flat_picture(student, first), flat_picture(student, second)))
    sharp = finished_sharpness(student, ink, held_out, STYLES[style])
    return judge(student, held_out) | {
        "finished_sharp": round(sharp, 4),
        "warp_share": round(float(np.mean(np.array(errors) / np.array(shaky))), 4),
    }
