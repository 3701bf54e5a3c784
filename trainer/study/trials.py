"""Who is shown what: balanced pairs, repeated trials and one without sense per rater."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Literal

import numpy as np

Kind = Literal["pair", "repeat", "nonsense"]
REPEATS = 2
NOISE = "noise"
"""Stands for a picture of noise, which no honest rater prefers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Two results of one photo; `left` and `right` are models."""

    photo: str
    left: str
    right: str
    kind: Kind = "pair"


def plan(
    photos: Sequence[str], models: Sequence[str], raters: int, per_rater: int, seed: int
) -> list[list[Trial]]:
    """Trials of every rater: each pair of models as often as any other, on either side.

    `per_rater` counts the pairs; two repeats with the sides exchanged and one trial against
    noise come on top, at random places after the trial they repeat.
    """
    rng = np.random.default_rng(seed)
    pairs = list(combinations(models, 2))
    stack: list[tuple[str, tuple[str, str]]] = []
    lefts: Counter[tuple[str, str]] = Counter()
    plans = []
    for _ in range(raters):
        trials: list[Trial] = []
        while len(trials) < per_rater:
            if not stack:
                every = list(product(photos, pairs))
                stack = [every[index] for index in rng.permutation(len(every))]
            photo, (a, b) = stack.pop()
            lead = lefts[a, b] - lefts[b, a] or rng.choice([-1, 1])
            left, right = (a, b) if lead < 0 else (b, a)
            lefts[left, right] += 1
            trials.append(Trial(photo, left, right))
        plans.append(_with_checks(trials, photos, models, rng))
    return plans


def _with_checks(
    trials: list[Trial], photos: Sequence[str], models: Sequence[str], rng: np.random.Generator
) -> list[Trial]:
    chosen = rng.choice(max(1, len(trials) // 2), min(REPEATS, len(trials)), replace=False)
    repeats = [Trial(t.photo, t.right, t.left, "repeat") for t in (trials[int(i)] for i in chosen)]
    sides = [str(rng.choice(list(models))), NOISE]
    rng.shuffle(sides)
    nonsense = Trial(str(rng.choice(list(photos))), sides[0], sides[1], "nonsense")
    full = list(trials)
    for extra in (*repeats, nonsense):  # the later half: repeats must follow what they repeat
        full.insert(int(rng.integers(len(trials) // 2, len(full) + 1)), extra)
    return full
