"""What the raters' answers say: Bradley-Terry strengths with intervals, Wilson shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.metrics.arrays import Doubles
from trainer.study.trials import NOISE, Kind

ROUNDS = 500
RESAMPLES = 1000
LEAST_RATERS = 5
"""With fewer it is no study but a preference check."""
_FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class Answer:
    """One judgement; `share` is the left model's: 1 won, 0.5 tie, 0 lost."""

    rater: str
    question: str
    photo: str
    left: str
    right: str
    share: float
    kind: Kind = "pair"


def bradley_terry(wins: Doubles) -> Doubles:
    """Strengths of sum 1 of a matrix of wins (k, k), row over column; ties count half.

    p_i <- W_i / sum_j n_ij / (p_i + p_j), 500 rounds; (..., k, k) does many at once.
    """
    played = wins + np.swapaxes(wins, -1, -2)
    total = wins.sum(-1)
    strength = np.full(total.shape, 1 / total.shape[-1])
    for _ in range(ROUNDS):
        rate = (played / (strength[..., :, None] + strength[..., None, :])).sum(-1)
        strength = np.maximum(total / np.where(rate > 0, rate, 1.0), _FLOOR)
        strength /= strength.sum(-1, keepdims=True)
    return strength


def wilson(wins: float, count: float, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a share by Wilson's formula."""
    share = wins / count
    middle = share + z * z / (2 * count)
    width = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - width) / (1 + z * z / count), (middle + width) / (1 + z * z / count)


def dropped_raters(answers: Sequence[Answer]) -> list[str]:
    """Raters who preferred noise and also contradicted themselves in a repeated trial."""
    return [
        rater for rater in _raters(answers) if _fails_both([a for a in answers if a.rater == rater])
    ]


def score(answers: Sequence[Answer], models: Sequence[str], seed: int = 0) -> dict[str, Any]:
    """Strengths of every question with intervals from drawing the raters anew."""
    dropped = dropped_raters(answers)
    kept = [a for a in answers if a.rater not in dropped and a.kind == "pair"]
    raters = _raters(kept)
    questions = sorted({answer.question for answer in kept})
    is_study = len(raters) >= LEAST_RATERS
    return {
        "kind": "study" if is_study else "preference check",
        "raters": len(raters),
        "dropped": dropped,
        "questions": [
            {"question": q, "rows": _rows([a for a in kept if a.question == q], models, seed)}
            for q in questions
        ],
    }


def _rows(answers: list[Answer], models: Sequence[str], seed: int) -> list[dict[str, Any]]:
    raters = _raters(answers)
    per_rater = np.stack([_wins([a for a in answers if a.rater == r], models) for r in raters])
    wins = per_rater.sum(0)
    drawn = np.random.default_rng(seed).integers(0, len(raters), (RESAMPLES, len(raters)))
    logs = np.log(bradley_terry(per_rater[drawn].sum(1)))
    low, high = np.percentile(logs - logs[:, -1:], (2.5, 97.5), axis=0)
    strength = bradley_terry(wins)
    relative = np.log(strength / strength[-1])
    rows = []
    for index, model in enumerate(models):
        won, count = float(wins[index].sum()), float(wins[index].sum() + wins[:, index].sum())
        rows.append(
            {
                "model": model,
                "strength": float(strength[index]),
                "log": {
                    "value": float(relative[index]),
                    "lo": float(low[index]),
                    "hi": float(high[index]),
                },
                "wins": won,
                "judged": count,
                "share": list(wilson(won, count)) if count else None,
            }
        )
    return rows


def _wins(answers: Sequence[Answer], models: Sequence[str]) -> Doubles:
    place = {model: index for index, model in enumerate(models)}
    wins = np.zeros((len(models), len(models)))
    for answer in answers:
        left, right = place[answer.left], place[answer.right]
        wins[left, right] += answer.share
        wins[right, left] += 1 - answer.share
    return wins


def _fails_both(answers: Sequence[Answer]) -> bool:
    prefers_noise = any(
        a.kind == "nonsense" and a.share == (1.0 if a.left == NOISE else 0.0) for a in answers
    )
    first = {
        (a.question, a.photo, frozenset((a.left, a.right))): a for a in answers if a.kind == "pair"
    }
    contradicts = False
    for again in (a for a in answers if a.kind == "repeat"):
        before = first.get((again.question, again.photo, frozenset((again.left, again.right))))
        if before is not None:
            same = before.share if before.left == again.left else 1 - before.share
            contradicts |= abs(same - again.share) == 1
    return prefers_noise and contradicts


def _raters(answers: Sequence[Answer]) -> list[str]:
    return sorted({answer.rater for answer in answers})
