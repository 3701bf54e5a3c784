"""Colour tables from `.cube` files, 1D and 3D, of strangers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import ModelError
from livecartoon.escape import printable

SIZES = range(2, 66)
MAX_BYTES = 32 << 20
EVEN = 33
"""Nodes a side of tables that are laid out anew because their domain is not 0..1."""
Lattice: TypeAlias = NDArray[np.float32]
"""(N, N, N, 3) RGB in 0..1 at even steps of blue, green, red in 0..1."""


@dataclass(frozen=True, slots=True)
class CubeHead:
    """What a `.cube` file says before its numbers."""

    size: int
    is_cube: bool
    low: tuple[float, ...] = (0.0, 0.0, 0.0)
    high: tuple[float, ...] = (1.0, 1.0, 1.0)


def read_lattice(path: Path, sha256: str | None = None) -> Lattice:
    """The table of a file, clipped to 0..1; ModelError E607, or E605 if it has another hash."""
    content = cube_bytes(path)
    if sha256 not in (None, hashlib.sha256(content).hexdigest()):
        raise ModelError("E605", f"{path.name} changed since the style was opened", "start anew")
    return parse_cube(content, path.name)


def cube_bytes(path: Path) -> bytes:
    """The bytes of a file that may be a table; ModelError E607."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError("E607", f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(
            "E607", f"no colour table {printable(str(path))}", "check the path in `lut`"
        ) from error


def parse_cube(content: bytes, name: str = "table.cube") -> Lattice:
    """The table that the bytes of a `.cube` file describe; ModelError E607."""
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    head, numbers = _split(lines, name)
    try:
        values = np.array(" ".join(numbers).split(), np.float64)
    except ValueError as error:
        raise _bad(name, "has a line that is no numbers") from error
    wanted = 3 * (head.size**3 if head.is_cube else head.size)
    if len(values) != wanted:
        raise _bad(name, f"has {len(values)} numbers, its size asks for {wanted}")
    if not np.isfinite(values).all():
        raise _bad(name, "has a number that is not finite")
    rows = np.clip(values, 0, 1).reshape(-1, 3)
    return _lattice(rows, head)


def sampled(lattice: Lattice, colours: NDArray[np.floating]) -> NDArray[np.float32]:
    """Colours (..., 3) RGB in 0..1 through a table, trilinear: exact, and slow."""
    places = np.clip(np.asarray(colours, np.float32), 0, 1) * (len(lattice) - 1)
    low = np.minimum(places.astype(np.intp), len(lattice) - 2)
    r, g, b = np.moveaxis(low, -1, 0)
    part = places - low
    found = np.zeros(places.shape, np.float32)
    for corner in range(8):
        steps = corner & 1, corner >> 1 & 1, corner >> 2
        weights = [
            part[..., axis] if step else 1 - part[..., axis] for axis, step in enumerate(steps)
        ]
        node = lattice[b + steps[2], g + steps[1], r + steps[0]]
        found += (weights[0] * weights[1] * weights[2])[..., None] * node
    return found


def write_cube(path: Path, lattice: Lattice, title: str) -> None:
    """Store a table as a 3D `.cube` file."""
    rows = lattice.reshape(-1, 3)
    head = f'TITLE "{title}"\nLUT_3D_SIZE {len(lattice)}\n'
    body = "\n".join(" ".join(f"{value:.6f}" for value in row) for row in rows.tolist())
    path.write_text(f"{head}{body}\n", encoding="utf-8")


def identity_lattice(size: int = EVEN) -> Lattice:
    """The table that changes nothing."""
    axis = np.linspace(0, 1, size, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack([red, green, blue], -1)


def _split(lines: list[str], name: str) -> tuple[CubeHead, list[str]]:
    """The head and the lines of numbers."""
    words: dict[str, list[str]] = {}
    numbers = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if line[0].isalpha() and not line.lower().startswith(("nan", "inf")):
            key, *rest = line.split()
            words[key.upper()] = rest
        else:
            numbers.append(line)
    is_cube = "LUT_3D_SIZE" in words
    size = _numbers(words.get("LUT_3D_SIZE" if is_cube else "LUT_1D_SIZE", []), 1, name)[0]
    if size not in SIZES:
        raise _bad(name, f"has the size {size:g}, not one of 2 to 65")
    low = _numbers(words.get("DOMAIN_MIN", ["0", "0", "0"]), 3, name)
    high = _numbers(words.get("DOMAIN_MAX", ["1", "1", "1"]), 3, name)
    for key in ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):
        if key in words:
            first, last = _numbers(words[key], 2, name)
            low, high = (first,) * 3, (last,) * 3
    if not all(1e-6 < b - a < 1e6 and abs(a) < 1e6 for a, b in zip(low, high, strict=True)):
        raise _bad(name, "has an empty or boundless domain")
    return CubeHead(int(size), is_cube, tuple(low), tuple(high)), numbers


def _numbers(words: list[str], count: int, name: str) -> tuple[float, ...]:
    try:
        found = tuple(float(word) for word in words)
    except ValueError:
        found = ()
    if len(found) != count or not np.isfinite(found).all():
        raise _bad(name, "is no .cube file of size 2 to 65")
    return found


def _lattice(rows: NDArray[np.float64], head: CubeHead) -> Lattice:
    n = head.size
    if head.is_cube:
        lattice = rows.reshape(n, n, n, 3)
    else:  # one curve for each colour is a table whose axes do not mix
        lattice = np.empty((n, n, n, 3))
        lattice[..., 0] = rows[None, None, :, 0]
        lattice[..., 1] = rows[None, :, None, 1]
        lattice[..., 2] = rows[:, None, None, 2]
    made = np.ascontiguousarray(lattice, np.float32)
    if head.low == (0.0, 0.0, 0.0) and head.high == (1.0, 1.0, 1.0):
        return made
    low, high = np.array(head.low), np.array(head.high)
    return sampled(made, (identity_lattice(max(EVEN, n)) - low) / (high - low))


def _bad(name: str, reason: str) -> ModelError:
    return ModelError("E607", f"{printable(name)} {reason}", "export it as .cube, 2 to 65 nodes")
