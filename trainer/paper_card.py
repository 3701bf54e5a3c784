"""Model cards of the papers' generators, from the weights file's own header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from livecartoon.models.checkpoint import read_header

CARD = """# {title}

{description}

## What it is

Weights of the generator `{arch}` of a paper: {paper}. Configuration: `{arch_config}`. {norm}
Trained for {steps} steps, seed {seed}; written {date}. A style's name denotes a look; there is no
affiliation with any artist, director or studio.

## Data and rights

{license_data}. Set: {dataset}.

## Figures

{figures}

## Known failures

{failures}

## Licence

{license}
"""
NORMS = {
    "live": "Its norms use the statistics of each frame, as the paper does.",
    "frozen": "Its norms use statistics measured once over a set of photos.",
    "ema-inputs": "Its norms use running statistics of the clip.",
}
BLIND = (
    "A generator with instance or layer norms does not see exposure: dark and flat frames are "
    "faded back to the source. With statistics of each frame, what enters the picture "
    "recolours all of it; with frozen ones it is good near their photos only."
)
SEEING = "Exposure passes through; small lettering and eyes melt."


def write_paper_card(weights: Path) -> Path:
    """Write `<weights>.md` beside a weights file; returns its path."""
    header = dict(read_header(weights))
    header["title"] = header.get("title") or header["style"]
    header["description"] = header.get("description") or f"Trained generator {header['arch']}."
    card = CARD.format(
        **{key: header[key] for key in _AS_THEY_ARE},
        norm=NORMS[header["norm"]],
        figures=_figures(json.loads(header["metrics"])),
        failures=SEEING if header["arch"] in ("animegan3", "whitebox") else BLIND,
    )
    path = weights.with_suffix(".md")
    path.write_text(card, encoding="utf-8")
    return path


_AS_THEY_ARE = (
    *("title", "description", "arch", "paper", "arch_config", "steps", "seed", "date"),
    *("license_data", "dataset", "license"),
)


def _figures(metrics: Mapping[str, object]) -> str:
    if not metrics:
        return "None measured."
    rows = [f"| {name} | {value} |" for name, value in metrics.items()]
    return "\n".join(["| figure | value |", "|---|---|", *rows])
