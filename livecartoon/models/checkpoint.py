"""Weights files: safetensors with a header that says what they are and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import ModelError

FORMAT = 1
PREFIX = "livecartoon."
MAX_BYTES = 512 * 2**20
Tensors = dict[str, NDArray[Any]]
Config = TypeVar("Config")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors and header of one weights file."""

    tensors: Tensors
    header: dict[str, str]
    sha256: str
    """Over the sorted tensors' names, shapes and bytes."""

    @property
    def identity(self) -> str:
        """What names this file's drawing in a compiled engine, see `identity_of`."""
        return identity_of(self.header)

    @property
    def architecture(self) -> str:
        """Name of the generator, a key of GENERATORS."""
        return self.header["arch"]

    def json_field(self, key: str) -> dict[str, Any]:
        """A header field that holds a JSON object; ModelError if it does not."""
        return json_field(self.header, key)


def json_field(header: Mapping[str, str], key: str) -> dict[str, Any]:
    """A field of a header that holds a JSON object, {} if it is missing; ModelError E603."""
    try:
        value = json.loads(header.get(key, "{}"))
    except json.JSONDecodeError as error:
        raise ModelError("E603", f"header field {key} is not JSON") from error
    if not isinstance(value, dict):
        raise ModelError("E603", f"header field {key} is not a JSON object")
    return value


def config_of(kind: type[Config], values: dict[str, Any]) -> Config:
    """A configuration from the fields in a header; ModelError E604."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    if unknown := set(values) - known:
        raise ModelError("E604", f"unknown {kind.__name__} fields {sorted(unknown)}", "update")
    try:
        return kind(**values)
    except (ValueError, TypeError) as error:
        raise ModelError("E604", f"{kind.__name__}: {error}") from error


def identity_of(header: Mapping[str, str]) -> str:
    """Hash over all in a file that changes the picture, from its header alone.

    Tensors alone do not tell: a student's lines, a generator's `upsample` and `pad_mid` and the
    source of its statistics can change while they stay.
    """
    keys = ("sha256_tensors", "arch", "arch_config", "norm", "ink")
    return hashlib.sha256("|".join(header.get(key, "") for key in keys).encode()).hexdigest()


def tensors_sha256(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Hash over names, dtypes, shapes and bytes in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name}|{array.dtype}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def write_checkpoint(path: Path, tensors: Tensors, header: Mapping[str, str]) -> None:
    """Write atomically; the format number and the hash are added to the header."""
    from safetensors.numpy import save

    full = {PREFIX + key: value for key, value in header.items()}
    full[PREFIX + "format"] = str(FORMAT)
    full[PREFIX + "sha256_tensors"] = tensors_sha256(tensors)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(save(tensors, full))
    partial.replace(path)


def read_header(path: Path) -> dict[str, str]:
    """Read the header alone; raises ModelError E601, E602, E603."""
    from safetensors import SafetensorError, safe_open

    _check_file(path)
    try:
        with safe_open(path, framework="numpy") as stored:
            metadata = stored.metadata() or {}
    except (SafetensorError, OSError, UnicodeDecodeError) as error:
        raise _corrupt(path, error) from error
    return _checked_header(path, metadata)


def read_checkpoint(path: Path) -> Checkpoint:
    """Load a weights file and verify its hash; raises ModelError E601..E605."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    header = read_header(path)
    try:
        tensors = load(path.read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise _corrupt(path, error) from error
    sha256 = tensors_sha256(tensors)
    if sha256 != header.get("sha256_tensors"):
        raise ModelError(
            "E605", f"{path.name}: tensors do not match the hash in the header", "fetch it again"
        )
    return Checkpoint(tensors, header, sha256)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise ModelError("E601", f"no weights file {path}", "livecartoon styles list")
    if path.stat().st_size > MAX_BYTES:
        raise ModelError("E602", f"{path.name} is larger than {MAX_BYTES >> 20} MiB")


def _corrupt(path: Path, error: Exception) -> ModelError:
    return ModelError("E602", f"{path.name} is not a safetensors file ({error})", "fetch it again")


def _checked_header(path: Path, metadata: Mapping[str, str]) -> dict[str, str]:
    header = {
        key.removeprefix(PREFIX): value for key, value in metadata.items() if key.startswith(PREFIX)
    }
    number = header.get("format", "")
    if not number.isdigit() or "arch" not in header:
        raise ModelError(
            "E603",
            f"{path.name} has no livecartoon header",
            "give a file that `python -m trainer export` wrote",
        )
    if int(number) > FORMAT:
        raise ModelError(
            "E603", f"{path.name} has format {number}, this program reads {FORMAT}", "update"
        )
    return header
