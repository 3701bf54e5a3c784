"""Styles as tables of TOML: weights files by tier, or colours and lines over another style."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from livecartoon.errors import UsageError
from livecartoon.escape import printable
from livecartoon.styles.style import TIERS, Style

TABLE = "styles.toml"
"""Many styles in one file; any other `.toml` beside it is one style, named by the file."""
_PLAIN = {"title": str, "description": str, "strength": float, "keep_color": float, "order": int}
_OTHERS = {"kind", "files", "temporal", "aliases", "license", "base", "lut", "ink", "snap"}
_FINISH = {"cell", "colors"}
KINDS = ("generator", "filter")
MODES = ("auto", "off", "blend", "flow")
"""What `temporal` may name: the keys of TEMPORAL, which this package does not import."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One style as it was written down, its keys known and its plain values of the right type."""

    name: str
    folder: Path
    values: dict[str, Any]
    where: str
    """The file, for messages."""

    @property
    def base(self) -> str:
        """The style that it stands on, empty if on its own."""
        return str(self.values.get("base", ""))


def folder_entries(folder: Path) -> dict[str, Entry]:
    """The styles of a folder by name; UsageError E202, E206."""
    table = folder / TABLE
    found = _table_entries(table) if table.is_file() else {}
    for path in sorted(path for path in folder.glob("*.toml") if path.name != TABLE):
        if path.stem in found:
            name = printable(path.stem)
            raise UsageError("E202", f"{path}: {TABLE} has a style {name} too", "rename one")
        found[path.stem] = read_entry(path)
    return found


def read_entry(path: Path) -> Entry:
    """The style of a file of its own; UsageError E201, E206."""
    if not path.is_file():
        raise UsageError("E201", f"no style file {printable(str(path))}", "livecartoon styles list")
    entry = _entry(path.stem, path.parent, _read(path), str(path))
    if not entry.base:
        raise UsageError("E206", f"{path} names no base", 'base = "shinkai"')
    return entry


def standing(entry: Entry) -> Style:
    """A style with networks of its own, or a filter."""
    files = entry.values.get("files", {})
    weights = {tier: entry.folder / "weights" / files[tier] for tier in TIERS if tier in files}
    first = next(iter(weights.values()), None)
    start = Style(
        name=entry.name,
        title=entry.name,
        description="",
        kind=entry.values.get("kind", "generator"),
        files=weights,
        card=first.with_suffix(".md") if first else None,
    )
    return replace(start, **_fields(entry))


def based(entry: Entry, find: Callable[[str], Style | None]) -> Style:
    """A style that draws with the networks of another; UsageError E201, E206."""
    if unfit := {"files", "kind"} & set(entry.values):
        raise UsageError("E206", f"{entry.where}: base and {min(unfit)} exclude each other")
    # No file of this kind can be a base; one that names itself would be read for ever.
    base = None if ".toml" in entry.base else find(entry.base)
    if base is None or base.base or not base.files:
        reason = "is not installed" if base is None else "has no network of its own"
        raise UsageError("E206", f"{entry.where}: the base {entry.base!r} {reason}", "shinkai")
    ink: tuple[tuple[str, Any], ...] = ()
    if "ink" in entry.values:
        from livecartoon.models.overlay import checked_ink

        ink = checked_ink(entry.values["ink"], entry.where)
    lut = entry.folder / entry.values["lut"] if "lut" in entry.values else None
    start = replace(
        base,
        name=entry.name,
        title=entry.name,
        description=f"{base.title} in other colours and lines",
        base=base.name,
        lut=lut,
        ink=ink,
        order=99,
        aliases=(),
        card=None,
    )
    return replace(start, **_fields(entry))


def _fields(entry: Entry) -> dict[str, Any]:
    """What the entry says itself, as fields of a Style."""
    made = {key: kind(entry.values[key]) for key, kind in _PLAIN.items() if key in entry.values}
    temporal = entry.values.get("temporal", {})
    if "mode" in temporal:
        made["temporal"] = temporal["mode"]
    if "strength" in temporal:
        made["temporal_strength"] = float(temporal["strength"])
    if "license" in entry.values:
        made["licence"] = entry.values["license"]
    if "aliases" in entry.values:
        made["aliases"] = tuple(entry.values["aliases"])
    if "snap" in entry.values:
        made["snap"] = tuple(entry.values["snap"].items())
    return made


def _table_entries(table: Path) -> dict[str, Entry]:
    entries = _read(table).get("styles", {})
    if not isinstance(entries, dict):
        raise UsageError("E206", f"{table}: styles is no table", "[styles.evening]")
    return {name: _entry(name, table.parent, entries[name], str(table)) for name in entries}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:  # ValueError: also 5000 digits
        raise UsageError("E206", f"{path}: {printable(str(error))}") from error


def _entry(name: str, folder: Path, values: object, where: str) -> Entry:
    """Check keys, types and what lies inside them; UsageError E206."""
    if not isinstance(values, dict):
        raise UsageError("E206", f"{where}: {printable(name)} is no table")
    if unknown := set(values) - set(_PLAIN) - _OTHERS:
        raise UsageError("E206", f"{where}: unknown keys {sorted(unknown)}")
    kinds: dict[str, Any] = {key: int | float if k is float else k for key, k in _PLAIN.items()}
    kinds |= dict.fromkeys(("kind", "license", "base", "lut"), str)
    kinds |= dict.fromkeys(("files", "temporal", "ink", "snap"), dict) | {"aliases": list}
    for key, value in values.items():
        if not isinstance(value, kinds[key]) or isinstance(value, bool):
            raise UsageError("E206", f"{where}: {key} of {printable(name)} has the wrong type")
    if {"lut", "ink"} & set(values) and not values.get("base"):
        raise UsageError("E206", f"{where}: lut and ink need a base", 'base = "shinkai"')
    if slip := next(_slips(values), None):
        key, remedy = slip
        shown = printable(f"{key} of {name}")
        raise UsageError("E206", f"{where}: {shown} is not possible", remedy)
    return Entry(name, folder, values, where)


def _slips(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Keys of the right type whose values cannot be, and what could."""
    yield from _drawing_slips(values)
    temporal = values.get("temporal", {})
    if not all(isinstance(alias, str) for alias in values.get("aliases", [])):
        yield "aliases", 'aliases = ["eve"]'
    for key in sorted(set(temporal) - {"mode", "strength"}):
        yield f"temporal.{key}", "mode, strength"
    if temporal.get("mode", "auto") not in MODES:
        yield "temporal.mode", f"one of {', '.join(MODES)}"
    shares = {key: values[key] for key in ("strength", "keep_color") if key in values}
    for key, share in (shares | {"temporal.strength": temporal.get("strength", 0)}).items():
        if type(share) not in (int, float) or not 0 <= share <= 1:
            yield key, "a number between 0 and 1"
    finish = values.get("snap", {})
    if set(finish) - _FINISH or not all(type(number) is int for number in finish.values()):
        yield "snap", "snap = { colors = 24 }"


def _drawing_slips(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The same of what says how it draws."""
    files = values.get("files", {})
    for tier, file in files.items():
        if tier not in TIERS:
            yield f"files.{tier}", f"one of {', '.join(TIERS)}"
        elif not isinstance(file, str) or not Path(file).name:
            yield f"files.{tier}", f'{tier} = "mine.safetensors"'
    kind = values.get("kind", "generator")
    if kind not in KINDS:
        yield "kind", f"one of {', '.join(KINDS)}"
    if not files and not values.get("base") and kind == "generator":
        yield "files", 'files = { small = "mine.safetensors" }, or base = "shinkai"'
