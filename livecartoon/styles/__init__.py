"""Styles by name: what is installed, where its weights lie, what it prefers. Imports no torch."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from livecartoon.errors import UsageError
from livecartoon.folders import user_styles

PACKAGED = Path(__file__).parent
TIERS = ("nano", "small", "base", "large")


@dataclass(frozen=True, slots=True)
class Style:
    """A look with a name: trained weights in one or more tiers, or a filter without any."""

    name: str
    title: str
    description: str
    kind: Literal["generator", "filter"]
    files: dict[str, Path] = field(default_factory=dict)
    """Weights file by tier, smallest tier first; empty for a filter."""
    strength: float = 1.0
    keep_color: float = 0.0
    temporal: str = "auto"
    temporal_strength: float = 0.6
    licence: str = ""
    card: Path | None = None
    order: int = 99
    """Position in lists and on the number keys."""
    aliases: tuple[str, ...] = ()

    def file_for(self, tier: str) -> tuple[str, Path]:
        """The tier asked for, or the next smaller one the style has, else its smallest."""
        wanted = TIERS.index(tier)
        smaller = [name for name in TIERS[: wanted + 1] if name in self.files]
        chosen = smaller[-1] if smaller else next(iter(self.files))
        return chosen, self.files[chosen]


def list_styles() -> list[Style]:
    """Every installed style in key order; a user's own replace packaged ones of the same name."""
    styles: dict[str, Style] = {}
    for folder in _folders():
        styles |= _read_folder(folder)
    return sorted(styles.values(), key=lambda style: (style.order, style.name))


def find_style(text: str) -> Style:
    """The style of a name, an alias, a `.safetensors` file or a mixture such as `a:0.6+b:0.4`.

    UsageError E201, ModelError, OutputError E402.
    """
    if is_blend(text):
        from livecartoon.styles.blend import blended

        return blended(text, find_style)
    if text.endswith(".safetensors") or os.sep in text or "/" in text:
        return _from_file(Path(text))
    styles = list_styles()
    for style in styles:
        if text == style.name or text in style.aliases:
            return style
    names = [style.name for style in styles]
    near = get_close_matches(text, names, n=3, cutoff=0.6)
    hint = (f"did you mean: {', '.join(near)}",) if near else ()
    raise UsageError("E201", f'no style named "{text}"', *hint, "livecartoon styles list")


def is_blend(text: str) -> bool:
    """Whether `text` means a mixture: no name has a plus, and files are told by their suffix."""
    return "+" in text and not text.endswith(".safetensors")


def short_name(text: str) -> str:
    """What files and tags call the style `text`: no folder, no suffix, no colon."""
    return Path(text).stem if text.endswith(".safetensors") else text.replace(":", "")


def _folders() -> list[Path]:
    """Packaged, then the user's, then `$LIVECARTOON_STYLES`: later ones override."""
    given = os.environ.get("LIVECARTOON_STYLES", "")
    listed = [Path(part) for part in reversed(given.split(os.pathsep)) if part]
    return [PACKAGED, user_styles(), *listed]


def _read_folder(folder: Path) -> dict[str, Style]:
    table = folder / "styles.toml"
    if not table.is_file():
        return {}
    try:
        content = tomllib.loads(table.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("E206", f"{table}: {error}") from error
    entries = content.get("styles", {})
    return {name: _from_entry(folder, name, entry) for name, entry in entries.items()}


def _from_entry(folder: Path, name: str, entry: dict[str, Any]) -> Style:
    known = {
        "order", "title", "description", "kind", "files", "strength", "keep_color", "temporal",
        "aliases", "license",
    }  # fmt: skip
    if unknown := set(entry) - known:
        raise UsageError("E206", f"{folder / 'styles.toml'}: unknown keys {sorted(unknown)}")
    temporal = entry.get("temporal", {})
    files = entry.get("files", {})
    weights = {tier: folder / "weights" / files[tier] for tier in TIERS if tier in files}
    first = next(iter(weights.values()), None)
    return Style(
        name=name,
        title=entry.get("title", name),
        description=entry.get("description", ""),
        kind=entry.get("kind", "generator"),
        files=weights,
        strength=float(entry.get("strength", 1.0)),
        keep_color=float(entry.get("keep_color", 0.0)),
        temporal=temporal.get("mode", "auto"),
        temporal_strength=float(temporal.get("strength", 0.6)),
        licence=entry.get("license", ""),
        card=first.with_suffix(".md") if first else None,
        order=int(entry.get("order", 99)),
        aliases=tuple(entry.get("aliases", ())),
    )


def _from_file(path: Path) -> Style:
    from livecartoon.models.checkpoint import read_header

    header = read_header(path)
    tier = header.get("tier", "small")
    return Style(
        name=header.get("style", path.stem),
        title=header.get("title", path.stem),
        description=header.get("description", ""),
        kind="generator",
        files={tier if tier in TIERS else "small": path},
        licence=header.get("license", ""),
    )
