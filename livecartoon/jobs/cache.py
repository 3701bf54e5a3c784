"""What lies in the engine cache, as told to people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from livecartoon import codestore
from livecartoon.backends import cache
from livecartoon.backends.locks import is_held
from livecartoon.backends.selftest import selftest_summary
from livecartoon.jobs.background import list_builds
from livecartoon.jobs.unfinished import list_unfinished
from livecartoon.styles.blend import forget_mixtures


def folder() -> str:
    """Where engines are kept."""
    return str(cache.cache_dir())


def list_engines() -> list[dict[str, Any]]:
    """Every engine, the most recently used first, as `items` of the JSON document."""
    return [_item(entry) for entry in cache.entries()]


def list_running() -> list[dict[str, Any]]:
    """Background builds of the last day."""
    return [asdict(state) for state in list_builds()]


def list_stopped() -> list[dict[str, Any]]:
    """Conversions that a later run can go on with."""
    return list_unfinished()


def verify() -> list[dict[str, Any]]:
    """Every engine with its `state` ("sound", "stale", "damaged") and its `fault` or None."""
    return [_item(entry) | _state(entry.key) for entry in cache.entries()]


def _state(key: str) -> dict[str, Any]:
    fault = cache.fault_of(key)
    return {"state": fault.state if fault else "sound", "fault": fault.reason if fault else None}


def prune(max_bytes: int | None, older_than_s: float | None) -> list[dict[str, Any]]:
    """Throw engines away by size and age; what is gone."""
    return [_item(entry) for entry in cache.prune(max_bytes, older_than_s)]


def clear() -> list[dict[str, Any]]:
    """Throw away all engines not in use, weights of mixtures and compiled loops; which engines."""
    forget_mixtures()
    codestore.clear()
    return [_item(entry) for entry in cache.clear()]


def _item(entry: cache.Entry) -> dict[str, Any]:
    record = entry.record
    return {
        "key": entry.key,
        "path": str(entry.path),
        "bytes": entry.size_bytes,
        "used": round(entry.used_s, 1),
        "in_use": is_held(cache.use_file(entry.key)),
        "backend": record.get("backend"),
        "precision": record.get("precision"),
        "weights": record.get("weights"),
        "size": record.get("size"),
        "build_seconds": record.get("build_seconds"),
        "selftest": selftest_summary(record),
    }
