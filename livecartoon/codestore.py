"""Where machine code of ours is kept, and the proof that it is still what was written.

A damaged file would end the process when it is run, so each has its SHA-256 beside it and goes,
unread, where the two differ. A folder belongs to one text of the sources: nothing in it is older.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from livecartoon.folders import cache_folder

FOLDER = "kernels"
"""Of the cache."""
SEAL = ".sha256"
UNUSED_S = 30 * 24 * 3600
"""Folders that nobody has opened for as long are of versions that are gone."""


def open_folder(source: str, *others: str) -> Path | None:
    """Return the folder for what is compiled from a file, checked; None where none can be written.

    `others`: what else decides about the code, texts or paths of files.
    """
    texts = [Path(text).read_bytes() if Path(text).is_file() else text.encode() for text in others]
    parts = [Path(source).read_bytes(), *texts, version("numba").encode()]
    name = f"{Path(source).stem}-{hashlib.sha256(b'|'.join(parts)).hexdigest()[:16]}"
    folder = cache_folder(FOLDER) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _remove_unused(folder.parent)
        _check(folder)
    except OSError:
        return None
    return folder


def seal(folder: Path) -> None:
    """Note the hashes of files that have none yet; what cannot be noted is compiled again."""
    for path in _files(folder):
        try:
            mark = path.with_name(path.name + SEAL)
            if not mark.exists() or mark.stat().st_mtime < path.stat().st_mtime:
                _write(mark, _hash(path))
        except OSError:
            continue


def has_code(folder: Path, function: str) -> bool:
    """Whether the folder holds machine code of the function of that name."""
    return any(folder.rglob(f"*.{function}-*.nbc"))


def clear() -> None:
    """Throw all of it away; processes that run have what they need in memory."""
    shutil.rmtree(cache_folder(FOLDER), ignore_errors=True)


def _check(folder: Path) -> None:
    """Remove what has no seal, or another one. An index goes with any of its files."""
    for path in _files(folder):
        mark = path.with_name(path.name + SEAL)
        if not mark.is_file() or mark.read_text() != _hash(path):
            path.unlink(missing_ok=True)
            mark.unlink(missing_ok=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.nb?") if path.suffix in (".nbi", ".nbc")]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _remove_unused(folder: Path) -> None:
    for other in folder.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_S:
            shutil.rmtree(other, ignore_errors=True)
