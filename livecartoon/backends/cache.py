"""Compiled engines on disk, each with a record that proves it whole and says what it is."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from livecartoon.backends.locks import is_held
from livecartoon.folders import cache_folder

log = logging.getLogger(__name__)

FORMAT = 2
"""Of the record; raised when older records cannot be trusted any more."""
DEFAULT_CAP = 5 << 30
MAX_RECORD = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """An engine whose bytes are the ones that were written."""

    blob: bytes
    record: dict[str, Any]
    """What the builder noted: backend, precision, self-test and so on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a stored engine is built again instead of being used."""

    state: Literal["damaged", "stale"]
    """Stale: another version of this program wrote it, nothing is broken."""
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine in the folder, its bytes not read."""

    key: str
    path: Path
    size_bytes: int
    used_s: float
    """When it was last loaded, seconds since the epoch."""
    record: dict[str, Any]
    """Empty if there is none that can be read."""


def cache_dir() -> Path:
    """Folder of the engines."""
    return cache_folder("engines")


def engine_path(key: str) -> Path:
    """Where the engine `key` lies, whether it is there or not."""
    return cache_dir() / f"{key}.engine"


def record_path(key: str) -> Path:
    """Where its record lies; it is written last, so its presence means a finished build."""
    return cache_dir() / f"{key}.json"


def load_engine(key: str) -> Stored | None:
    """The stored engine, or None if there is none or it is not what was written.

    The hash is compared before any library sees the bytes: a damaged engine can abort the
    process that parses it. What is wrong with a present one is logged.
    """
    path = engine_path(key)
    if not path.is_file():
        return None
    found = _checked(key)
    if isinstance(found, Fault):
        log.warning("the cached engine %s is built again: %s", path.name, found.reason)
        return None
    try:
        os.utime(path)  # the order in which engines are thrown away
    except OSError as error:
        log.debug("%s keeps its old date: %s", path, error)
    return found


def is_stored(key: str) -> bool:
    """Whether a finished engine lies there, by names alone; `load_engine` proves it."""
    return record_path(key).is_file() and engine_path(key).is_file()


def fault_of(key: str) -> Fault | None:
    """What is wrong with a stored engine, None if nothing; reads it all."""
    found = _checked(key)
    return found if isinstance(found, Fault) else None


def _checked(key: str) -> Fault | Stored:
    try:
        record = _read_record(record_path(key))
        blob = engine_path(key).read_bytes()
    except FileNotFoundError:
        return Fault("damaged", "its record is missing, the build was cut off")
    except (OSError, ValueError) as error:
        return Fault("damaged", f"it cannot be read ({error})")
    if record.get("format") != FORMAT:
        return Fault(
            "stale", f"it has cache format {record.get('format')}, this program writes {FORMAT}"
        )
    if record.get("bytes") != len(blob):
        return Fault("damaged", f"it has {len(blob)} bytes instead of {record.get('bytes')}")
    if hashlib.sha256(blob).hexdigest() != record.get("sha256"):
        return Fault("damaged", "its bytes have changed since it was written")
    return Stored(blob, record)


def _read_record(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        text = file.read(MAX_RECORD)
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return record


def store_engine(key: str, blob: bytes, facts: Mapping[str, Any]) -> bool:
    """Keep an engine with what is known of it; False if the folder cannot be written.

    A cache that cannot be written costs time later, not the run. First the engine, then its
    record, both under another name until they are whole: a process killed anywhere between
    leaves an engine without a record or with one that does not fit, which is built again.
    """
    record = {
        **facts,
        "format": FORMAT,
        "key": key,
        "bytes": len(blob),
        "sha256": hashlib.sha256(blob).hexdigest(),
        "created": round(time.time(), 3),
    }
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(engine_path(key), blob)
        _write(record_path(key), json.dumps(record, indent=1).encode())
    except OSError as error:
        log.warning("the engine could not be cached in %s: %s", folder, error)
        return False
    prune(DEFAULT_CAP, keep={key})
    return True


def refuse_engine(key: str, reason: str) -> None:
    """Note that an engine failed its self-test: a record alone, which a day later is swept away.

    Until then nobody who may run another one waits for it again.
    """
    note = {"format": FORMAT, "key": key, "refused": reason}
    try:
        cache_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(record_path(key), json.dumps(note, indent=1).encode())
    except OSError as error:
        log.debug("that %s is refused could not be noted: %s", key, error)


def is_refused(key: str) -> bool:
    """Whether it lately failed its self-test here."""
    try:
        return "refused" in _read_record(record_path(key))
    except (OSError, ValueError):
        return False


def _write(target: Path, content: bytes) -> None:
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def entries() -> list[Entry]:
    """Every engine in the folder, the most recently used first."""
    found = []
    for path in cache_dir().glob("*.engine"):
        try:
            state = path.stat()
        except OSError:
            continue  # thrown away by another process meanwhile
        try:
            record = _read_record(path.with_suffix(".json"))
        except (OSError, ValueError):
            record = {}
        found.append(Entry(path.stem, path, state.st_size, state.st_mtime, record))
    return sorted(found, key=lambda entry: -entry.used_s)


def prune(
    max_bytes: int | None = None, older_than_s: float | None = None, *, keep: Iterable[str] = ()
) -> list[Entry]:
    """Throw away the least recently used engines beyond the limits, none that is in use."""
    spared = set(keep)
    removed = []
    found, now_s = entries(), time.time()
    total = sum(entry.size_bytes for entry in found)
    for entry in reversed(found):
        is_old = older_than_s is not None and now_s - entry.used_s > older_than_s
        is_too_much = max_bytes is not None and total > max_bytes
        if (is_old or is_too_much) and entry.key not in spared and remove(entry):
            removed.append(entry)
            total -= entry.size_bytes
    _sweep(now_s)
    return removed


def remove(entry: Entry) -> bool:
    """Delete one engine; False if it is in use or cannot be deleted."""
    if is_held(use_file(entry.key)):
        return False
    try:
        record_path(entry.key).unlink(missing_ok=True)
        entry.path.unlink(missing_ok=True)
        use_file(entry.key).unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s cannot be deleted: %s", entry.path, error)
        return False
    return True


def clear() -> list[Entry]:
    """Delete every engine that is not in use."""
    removed = [entry for entry in entries() if remove(entry)]
    _sweep(float("inf"))
    return removed


def use_file(key: str) -> Path:
    """Held shared by every process that runs the engine."""
    return cache_dir() / f"{key}.use"


def build_lock_file(key: str) -> Path:
    """Held by the one process that builds the engine."""
    return cache_dir() / f"{key}.lock"


LEFTOVER_S = 86400.0


def _sweep(now_s: float) -> None:
    """Remove what killed builders left: half-written files of yesterday, records alone."""
    folder = cache_dir()
    for path in [*folder.glob("*.partial"), *folder.glob("*.json")]:
        if path.suffix == ".json" and path.with_suffix(".engine").exists():
            continue
        try:
            if now_s - path.stat().st_mtime > LEFTOVER_S:
                path.unlink()
        except OSError as error:
            log.debug("%s stays: %s", path, error)
