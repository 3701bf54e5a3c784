"""Compiled engines on disk, each with the hash that proves it whole."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from platformdirs import user_cache_path

log = logging.getLogger(__name__)


def cache_dir() -> Path:
    """Folder of the engines: `$LIVECARTOON_CACHE_DIR`, else the platform's cache folder."""
    given = os.environ.get("LIVECARTOON_CACHE_DIR")
    return (Path(given) if given else user_cache_path("livecartoon", appauthor=False)) / "engines"


def load_engine(key: str) -> bytes | None:
    """The stored engine, or None if there is none or it is not what was written."""
    path = cache_dir() / f"{key}.engine"
    sidecar = path.with_suffix(".sha256")
    try:
        blob, wanted = path.read_bytes(), sidecar.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if hashlib.sha256(blob).hexdigest() != wanted:
        log.warning("the cached engine %s is damaged and is built again", path.name)
        return None
    os.utime(path)
    return blob


def store_engine(key: str, blob: bytes) -> None:
    """Keep an engine; a cache that cannot be written costs time later, not the run."""
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(blob).hexdigest().encode("ascii")
        for suffix, content in ((".engine", blob), (".sha256", digest)):
            target = folder / f"{key}{suffix}"
            partial = target.with_suffix(f"{suffix}.{os.getpid()}")
            partial.write_bytes(content)
            partial.replace(target)
    except OSError as error:
        log.warning("the engine could not be cached in %s: %s", folder, error)
