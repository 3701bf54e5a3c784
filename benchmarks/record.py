"""Where and how a figure was taken, stored with it."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from livecartoon.errors import InputError
from trainer.metrics.record import commit, version_of

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("torch", "openvino", "nncf", "onnxruntime", "av", "numpy", "opencv-python", "ray")


def environment() -> dict[str, Any]:
    """Machine, versions and commit of this run."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in PACKAGES},
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def write_record(path: Path, name: str, figures: Mapping[str, Any]) -> None:
    """Store a benchmark's figures with their environment as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"benchmark": name, "environment": environment(), "figures": dict(figures)}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """Return the figures of a record; InputError E302 if it is none."""
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("E302", f"{path} is no benchmark record ({error})") from error
    return dict(figures)


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
