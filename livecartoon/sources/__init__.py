"""Where frames come from."""

from __future__ import annotations

import glob
from importlib import import_module
from pathlib import Path
from typing import Any

from livecartoon.sources.base import Source

#: Kind -> "module:class"; nothing is imported until it is opened.
SOURCES = {
    "camera": "livecartoon.sources.camera:CameraSource",
    "file": "livecartoon.sources.file:FileSource",
    "images": "livecartoon.sources.images:ImageSource",
    "pattern": "livecartoon.sources.pattern:PatternSource",
    "screen": "livecartoon.sources.screen:ScreenSource",
}
PICTURE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def source_class(kind: str) -> Any:  # noqa: ANN401  each takes its own arguments
    """Import and return the class of SOURCES[kind]."""
    module, _, name = SOURCES[kind].partition(":")
    return getattr(import_module(module), name)


def kind_of(text: str) -> str:
    """Return which source reads `text`: a test card, pictures or a media file."""
    if text.startswith("pattern:"):
        return "pattern"
    path = Path(text).expanduser()
    if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return "images"
    if not path.exists() and glob.has_magic(text):
        return "images"
    return "file"


def open_source(text: str, **options: Any) -> Source:  # noqa: ANN401
    """Open what `text` names; `options` go to the class. InputError, UsageError."""
    kind = kind_of(text)
    made = source_class(kind)
    opened: Source
    if kind == "pattern":
        opened = made.parse(text, **options)
    else:
        opened = made(Path(text) if kind == "file" else text, **options)
    return opened
