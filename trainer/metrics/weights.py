"""Other people's weights files, read by the user's own hand: nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livecartoon.errors import ModelError

_DAMAGE = (
    *(OSError, ValueError, RuntimeError, EOFError, LookupError, TypeError, AttributeError),
    *(struct.error, pickle.UnpicklingError),
)
"""What torch's restricted unpickler raises for files that are none of its own."""


@dataclass(frozen=True)
class Weights:
    """Tensors of a file in float32, and what the file is."""

    name: str
    sha256: str
    tensors: dict[str, Tensor]

    def __getitem__(self, key: str) -> Tensor:
        """The tensor of that name; ModelError E604 naming it when there is none."""
        try:
            return self.tensors[key]
        except KeyError:
            first = ", ".join(sorted(self.tensors)[:3])
            raise ModelError(
                "E604", f"{self.name} has no tensor {key!r}; it has {first} ...", "another file"
            ) from None

    def get(self, key: str) -> Tensor | None:
        """The tensor of that name, or None."""
        return self.tensors.get(key)


def read_weights(path: Path) -> Weights:
    """Read `.safetensors`, or a `.pth` of plain tensors; ModelError E601, E602."""
    if not path.is_file():
        raise ModelError("E601", f"no weights file {path}", "give the path of the file")
    content = path.read_bytes()
    is_safe = path.suffix == ".safetensors"
    stored: Mapping[str, Any] = _from_safetensors(content, path) if is_safe else _from_pth(path)
    stored = stored.get("state_dict", stored)
    if not isinstance(stored, Mapping):
        raise ModelError("E602", f"{path.name} holds no dictionary of tensors")
    tensors = {
        str(key): value.float() for key, value in stored.items() if isinstance(value, Tensor)
    }
    return Weights(path.name, hashlib.sha256(content).hexdigest(), tensors)


def _from_safetensors(content: bytes, path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)
    except SafetensorError as error:
        raise ModelError("E602", f"{path.name} is not a safetensors file ({error})") from error


def _from_pth(path: Path) -> dict[str, Any]:
    try:
        stored = torch.load(path, weights_only=True, map_location="cpu")
    except _DAMAGE as error:
        first = str(error).split("\n", 1)[0]
        raise ModelError("E602", f"{path.name} is no file of plain tensors ({first})") from error
    if not isinstance(stored, dict):
        raise ModelError("E602", f"{path.name} holds no dictionary of tensors")
    return stored
