"""Where and how an evaluation was made, stored with its figures."""

from __future__ import annotations

import os
import platform
import subprocess
import uuid
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from livecartoon import __version__

PACKAGES = ("numpy", "opencv-python", "torch")


def new_record(command: str, seed: int) -> dict[str, Any]:
    """The fields that every report begins with."""
    return {
        "schema": "livecartoon/1",
        "command": command,
        "version": __version__,
        "ok": True,
        "exit_code": 0,
        "run_id": uuid.uuid4().hex[:12],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "commit": commit(),
        "machine": {
            "os": f"{platform.system()} {platform.release()}",
            "cpu": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "packages": {name: version_of(name) for name in PACKAGES},
        },
    }


def version_of(name: str) -> str | None:
    """Version of an installed distribution."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def commit() -> str | None:
    """Short hash of the commit in the working folder, None outside of a repository."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
