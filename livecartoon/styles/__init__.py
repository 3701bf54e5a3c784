"""Styles by name: what is installed, where its weights lie, what it prefers. Imports no torch."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from livecartoon.errors import UsageError
from livecartoon.folders import user_styles
from livecartoon.styles.entry import Entry, based, folder_entries, read_entry, standing
from livecartoon.styles.style import TIERS, Style

__all__ = ["PACKAGED", "TIERS", "Style", "find_style", "is_blend", "list_styles", "short_name"]

PACKAGED = Path(__file__).parent
FILES = (".safetensors", ".toml")
"""What a style that is a file ends with."""


def list_styles() -> list[Style]:
    """Every installed style in key order; a user's own replace packaged ones of the same name."""
    entries: dict[str, Entry] = {}
    for folder in _folders():
        entries |= folder_entries(folder)
    own = {name: standing(entry) for name, entry in entries.items() if not entry.base}
    called = {alias: style for style in own.values() for alias in style.aliases} | own
    over = {name: based(entry, called.get) for name, entry in entries.items() if entry.base}
    return sorted((own | over).values(), key=lambda style: (style.order, style.name))


def find_style(text: str) -> Style:
    """The style of a name, an alias, a file or a mixture such as `a:0.6+b:0.4`.

    A file is weights (`.safetensors`), or colours and lines over another style (`.toml`).
    UsageError E201, E206, ModelError, OutputError E402.
    """
    if is_blend(text):
        from livecartoon.styles.blend import blended

        return blended(text, find_style)
    if text.endswith(".toml"):
        return based(read_entry(Path(text)), find_style)
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
    return "+" in text and not text.endswith(FILES)


def short_name(text: str) -> str:
    """What files and tags call the style `text`: no folder, no suffix, no colon."""
    return Path(text).stem if text.endswith(FILES) else text.replace(":", "")


def _folders() -> list[Path]:
    """Packaged, then the user's, then `$LIVECARTOON_STYLES`: later ones override."""
    given = os.environ.get("LIVECARTOON_STYLES", "")
    listed = [Path(part) for part in reversed(given.split(os.pathsep)) if part]
    return [PACKAGED, user_styles(), *listed]


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
