"""Can styles be told apart at a glance? Distances of their colours, and what their edges are."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np

from trainer.metrics.arrays import Bytes
from trainer.metrics.candidates import open_candidate
from trainer.metrics.cartoonness import cartoonness, mean_of
from trainer.metrics.pictures import read_set, square
from trainer.targets.colour import rgb_to_oklab

GLANCE = 96
"""Pixels a side: a picture in a list on a phone."""
EDGES = ("dark_line", "strong", "flat", "chroma", "light_mean")
"""Of `cartoonness`, at `DRAWN` pixels."""
DRAWN = 256
PHOTO = "photo"


def colour_distance(first: Bytes, second: Bytes) -> float:
    """Mean OKLab distance x 100 of two uint8 RGB squares, seen at `GLANCE` pixels."""
    a, b = (
        rgb_to_oklab(square(picture, GLANCE).astype(np.float32) / np.float32(255))
        for picture in (first, second)
    )
    return float(100 * np.linalg.norm(a - b, axis=-1).mean())


def styles_apart(
    models: tuple[str, ...], photos: Path, *, count: int = 0, draw_size: int = 384
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Distances between the photos and all MODELS, and each one's edges; means over the photos.

    A model is what `open_candidate` takes; `count` photos evenly spaced, 0 = all.
    """
    shown = read_set(photos, draw_size, count)
    looks = {PHOTO: {stem: square(p, DRAWN) for stem, p in shown.pictures.items()}}
    for text in models:
        found = open_candidate(text, shown, DRAWN)
        looks[found.name] = found.pictures
    distances: dict[str, dict[str, float]] = {name: {} for name in looks}
    for a, b in combinations(looks, 2):
        common = looks[a].keys() & looks[b].keys()
        mean = float(np.mean([colour_distance(looks[a][k], looks[b][k]) for k in sorted(common)]))
        distances[a][b] = distances[b][a] = mean
    edges = {}
    for name, pictures in looks.items():
        means = mean_of([cartoonness(picture) for picture in pictures.values()])
        edges[name] = {key: means[key] for key in EDGES}
    return distances, edges


def apart_table(distances: dict[str, dict[str, float]], edges: dict[str, dict[str, float]]) -> str:
    """Both as one Markdown table, a row a style."""
    names = list(distances)
    heads = ["", *(f"to {name}" for name in names), *(key.replace("_", " ") for key in EDGES)]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name in names:
        row = [f"{distances[name][other]:.1f}" if other != name else "-" for other in names]
        row += [
            f"{edges[name][key]:.1f}" if edges[name][key] >= 1 else f"{edges[name][key]:.3f}"
            for key in EDGES
        ]
        lines.append("| " + " | ".join([name, *row]) + " |")
    return "\n".join(lines) + "\n"
