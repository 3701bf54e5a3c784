"""The mean of networks that grew from one: kernels, lines and the rest of a weights file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import UsageError
from livecartoon.models.checkpoint import Checkpoint, Tensors

LEAST_LIKENESS = 0.45
"""Cosine of two networks' kernels: 0.48 to 0.8 for ours of one tier, 0.4 for untrained ones of
one shape, whose deep blocks all begin near the identity."""
_SAME = ("arch", "arch_config", "stride", "input", "output")


def mixed(sources: Sequence[Checkpoint], shares: Sequence[float]) -> tuple[Tensors, dict[str, str]]:
    """Tensors and header of the mean of students; UsageError E201 if they have no common root.

    Of the header only what describes the drawing is mixed; the rest is the first one's.
    """
    first = sources[0]
    for other in sources[1:]:
        _check_kinship(first, other)
    tensors = {
        name: _mean([source.tensors[name] for source in sources], shares).astype(tensor.dtype)
        for name, tensor in first.tensors.items()
    }
    inks = [source.json_field("ink") for source in sources]
    keys = [key for key in inks[0] if all(key in ink for ink in inks)]
    ink = {key: _mean([ink[key] for ink in inks], shares).tolist() for key in keys}
    return tensors, first.header | {"ink": json.dumps(ink)}


def likeness(one: Checkpoint, other: Checkpoint) -> float:
    """Cosine between the kernels of two networks of one shape."""
    names = [name for name, tensor in one.tensors.items() if tensor.ndim == 4]
    a, b = (
        np.concatenate([source.tensors[name].astype(np.float64).ravel() for name in names])
        for source in (one, other)
    )
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))


def _check_kinship(one: Checkpoint, other: Checkpoint) -> None:
    names = f"{one.header.get('style', 'one')} and {other.header.get('style', 'the other')}"
    remedy = "mix styles that were trained from one network, such as shinkai and ink"
    if one.architecture != "student":
        raise UsageError("E201", f"{names} cannot be mixed: only our own networks can", remedy)
    shapes = ({k: t.shape for k, t in source.tensors.items()} for source in (one, other))
    is_same = all(one.header.get(key) == other.header.get(key) for key in _SAME)
    if not is_same or next(shapes) != next(shapes):
        raise UsageError("E201", f"the networks of {names} have different shapes", remedy)
    if (found := likeness(one, other)) < LEAST_LIKENESS:
        raise UsageError(
            "E201", f"the networks of {names} have no common root (likeness {found:.2f})", remedy
        )


def _mean(values: Sequence[Any], shares: Sequence[float]) -> NDArray[np.float64]:
    weighted = [s * np.asarray(v, np.float64) for v, s in zip(values, shares, strict=True)]
    return np.asarray(np.sum(weighted, axis=0) / sum(shares), np.float64)
