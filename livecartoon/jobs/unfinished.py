"""Conversions that were stopped: their folders lie beside the outputs, and are noted here."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from livecartoon.folders import cache_folder

JOURNAL = "journal.jsonl"
MAX_NOTE = 1 << 16


def notes_dir() -> Path:
    """Folder of the notes, beside the compiled engines."""
    return cache_folder("unfinished")


def remember(folder: Path) -> None:
    """Note that a run works in `folder`; what cannot be noted is only not listed."""
    note = _note_of(folder)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"folder": str(folder.absolute())}), encoding="utf-8")


def forget(folder: Path) -> None:
    """Drop the note: `folder` is gone."""
    with suppress(OSError):
        _note_of(folder).unlink(missing_ok=True)


def list_unfinished() -> list[dict[str, Any]]:
    """Folders with pieces that a later run can go on with, the latest first."""
    found = []
    for note in sorted(notes_dir().glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):
            folder = Path(json.loads(note.read_text(encoding="utf-8")[:MAX_NOTE])["folder"])
            if not folder.is_dir():
                note.unlink(missing_ok=True)
            elif pieces := _pieces(folder):
                found.append(_item(folder, pieces))
    return sorted(found, key=lambda item: -item["changed"])


def _note_of(folder: Path) -> Path:
    name = hashlib.sha256(str(folder.absolute()).encode(errors="replace")).hexdigest()[:24]
    return notes_dir() / f"{name}.json"


def _pieces(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of the journal; a power cut may have torn the last one."""
    found = []
    for line in (folder / JOURNAL).read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def _item(folder: Path, pieces: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "output": str(folder.with_suffix("")),
        "frames": sum(len(piece["pts"]) for piece in pieces),
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "changed": round((folder / JOURNAL).stat().st_mtime, 1),
    }
