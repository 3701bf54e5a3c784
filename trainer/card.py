"""Model cards, written from the weights file's own header so that the two cannot differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from livecartoon.models.checkpoint import read_header
from trainer.beginning import WEIGHTS
from trainer.config import StudentTraining
from trainer.targets.styles import STYLES

#: Gate -> what it says, and for which tier which bound holds ("small", "nano").
GATES: dict[str, tuple[str, str, str]] = {
    "gain": ("share of the way from photo to target", ">= 0.62", ">= 0.50"),
    "gain_over_table": ("the same, beyond what a colour table does", ">= 0.28", ">= 0.20"),
    "flat": ("flat pixels (1.5/255) relative to the target's", ">= 0.82", ">= 0.66"),
    "flat4": ("flat pixels (4/255) relative to the target's", ">= 0.90", ">= 0.82"),
    "ssim": ("structural similarity to the target", ">= 0.93", ">= 0.915"),
    "psnr": ("dB to the target", ">= 28", ">= 27"),
    "ink_f": ("line F-score, one pixel tolerance", ">= 0.93", ">= 0.90"),
    "sharp": ("steepest slopes relative to the target's", ">= 0.70", ">= 0.68"),
    "noise_gain": ("change per change of noise, lower is steadier", "<= 0.30", "<= 0.35"),
    "shift_error": ("levels of shimmer when the picture moves", "<= 2.4", "<= 2.4"),
}

HARD_FLAT = {"ssim": ">= 0.885", "psnr": ">= 25", "ink_f": ">= 0.86"}
"""Bounds for targets of few hard tones, whose borders cost more where they are a pixel off."""
_HARD_BANDS = 0.5

BESIDE_TARGET = {"finished_sharp": ">= 0.85", "warp_share": "<= 0.6"}
"""Bounds of `benchmarks styles`: slopes of the finished picture relative to the inked target's,
and its warp error on noisy, moved draws relative to that of targets made of the same draws."""

CARD = """# {title} ({tier})

{description}.

## What it is

Weights of the network `{arch}` in tier `{tier}`, half precision, after {steps} steps.
The network regresses a designed target: a picture computed from the photo by fixed image
processing (`trainer/targets`), not frames of any film. Lines are drawn by a fixed layer whose
weight the network decides. The style's name denotes a look; there is no affiliation with any
director.

## Data and rights

{license_data}. Set: {dataset}. No other network's weights or outputs were used.

## Training

```
{commands}
```

Seed {seed}, {date}. The full configuration is in the header of the weights file.

## Figures

Means over the held-out pairs, before ink; a bold figure misses its bound.

| figure | value | bound | meaning |
|---|---|---|---|
{rows}

## Known failures

Lettering and eyes smaller than about ten pixels melt. Strong coloured light keeps its cast. Dense
foliage and gravel keep some photo texture. On the target's side a face that is neither found nor
skin-coloured gets only the general detail rule.

## Licence

{license}
"""


def write_card(weights: Path) -> Path:
    """Write `<weights>.md` beside a weights file; returns its path."""
    header = read_header(weights)
    training = json.loads(header["training"])
    commands = [*_target_commands(training), *map(_command, training)]
    card = CARD.format(
        **{key: header[key] for key in _NEEDED},
        rows="\n".join(_rows(json.loads(header["metrics"]), header["tier"], training[-1]["style"])),
        commands="\n".join(commands),
    )
    path = weights.with_suffix(".md")
    path.write_text(card, encoding="utf-8")
    return path


_NEEDED = (
    *("title", "tier", "description", "arch", "steps", "license_data", "dataset", "style"),
    *("seed", "date", "license"),
)


def _target_commands(training: Sequence[Mapping[str, object]]) -> list[str]:
    """One for each set of pairs; a style may have started from another one's network."""
    sets = dict.fromkeys((run["pairs"], run["style"]) for run in training)
    return [
        f"python -m trainer targets PHOTOS -o pairs/{pairs} --style {style}"
        for pairs, style in sets
    ]


def _command(training: Mapping[str, object]) -> str:
    """The command of one run, with the parameters that were not left as they are."""
    usual = asdict(StudentTraining())
    given = ("pairs", "style", "tier", "run", "init")
    changed = [
        f"-p {key}={value}"
        for key, value in training.items()
        if key not in given and value != usual.get(key)
    ]
    if training["init"]:
        changed.insert(0, f"-p init={_place(str(training['init']))}")
    start = (
        f"python -m trainer train --data pairs/{training['pairs']} -o runs/{training['run']} "
        f"--style {training['style']} --tier {training['tier']}"
    )
    return " \\\n    ".join([start, *changed])


def _place(init: str) -> str:
    return f"livecartoon/styles/weights/{init}" if init.endswith(WEIGHTS) else f"runs/{init}"


def _rows(metrics: Mapping[str, float], tier: str, style: str) -> list[str]:
    rows = []
    for key, bound in bounds(style, tier).items():
        if key in metrics:
            value = f"{metrics[key]:.3f}"
            value = value if meets(metrics[key], bound) else f"**{value}**"
            rows.append(f"| {key} | {value} | {bound} | {GATES[key][0]} |")
    return rows


def bounds(style: str, tier: str) -> dict[str, str]:
    """What a student of that tier must reach in every figure, such as ">= 0.62"."""
    column = 2 if tier == "nano" else 1
    hard = HARD_FLAT if STYLES[style].band_mix > _HARD_BANDS else {}
    return {key: hard.get(key, gate[column]) for key, gate in GATES.items()}


def meets(value: float, bound: str) -> bool:
    """Whether a figure keeps a bound such as ">= 0.62"."""
    relation, _, limit = bound.partition(" ")
    return value >= float(limit) if relation == ">=" else value <= float(limit)
