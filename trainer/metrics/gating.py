"""Bounds on the figures of a report, given as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecartoon.errors import UsageError


def missed_gates(gates: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """Those of `MODEL.KEY<=VALUE` and `>=` that do not hold; keys go down with dots.

    UsageError E201 for an unknown model or key or a value that is no number.
    """
    return [gate for gate in gates if not _is_met(gate, rows)]


def _is_met(gate: str, rows: Sequence[dict[str, Any]]) -> bool:
    for sign in ("<=", ">="):
        place, found, bound = gate.partition(sign)
        if found:
            value = _value(place.strip(), gate, rows)
            try:
                limit = float(bound)
            except ValueError as error:
                raise UsageError("E201", f"gate {gate!r}: {bound!r} is no number") from error
            return value <= limit if sign == "<=" else value >= limit
    raise UsageError("E201", f"gate {gate!r} has neither <= nor >=", "MODEL.stats.C>=1.2")


def _value(place: str, gate: str, rows: Sequence[dict[str, Any]]) -> float:
    names = [row["model"] for row in rows]
    model = next((name for name in names if place.startswith(f"{name}.")), None)
    if model is None:
        raise UsageError("E201", f"gate {gate!r} names no row", f"rows: {', '.join(names)}")
    value: Any = rows[names.index(model)]
    for key in place.removeprefix(f"{model}.").split("."):
        if not isinstance(value, dict) or key not in value:
            raise UsageError("E201", f"gate {gate!r}: no {key!r} in the row")
        value = value[key]
    if not isinstance(value, int | float):
        raise UsageError("E201", f"gate {gate!r} is not about a number", "fd_style.value")
    return float(value)
