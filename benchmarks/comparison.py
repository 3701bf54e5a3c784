"""Two records of the network benchmark side by side, with the noise taken into account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One network in both records."""

    name: str
    old_ms: float
    new_ms: float
    verdict: str
    """"same", "faster" or "SLOWER"."""


def compare(old: Mapping[str, Any], new: Mapping[str, Any], limit: float = 0.05) -> list[Row]:
    """Judge every network that both records have by its median.

    The spread between minimum and median is the noise of a record: a change must exceed it,
    in the noisier of the two, and `limit`.
    """
    rows = []
    for name, before in old.items():
        after = new.get(name)
        if not _is_timed(before) or not _is_timed(after):
            continue
        assert after is not None
        change = after["ms_median"] / before["ms_median"] - 1
        noise = max(run["ms_median"] / run["ms_min"] - 1 for run in (before, after))
        verdict = "same"
        if abs(change) > max(limit, noise):
            verdict = "SLOWER" if change > 0 else "faster"
        rows.append(Row(name, before["ms_median"], after["ms_median"], verdict))
    return rows


def _is_timed(figures: object) -> bool:
    return isinstance(figures, Mapping) and {"ms_median", "ms_min"} <= figures.keys()
