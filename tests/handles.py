"""Which files this process holds open."""

from __future__ import annotations

from pathlib import Path

import pytest


def open_files(folder: Path) -> list[str]:
    """Names of the open files below `folder`; skips where the system does not tell."""
    listed = Path("/proc/self/fd")
    if not listed.is_dir():
        pytest.skip("this system does not list open files in /proc")
    found = []
    for link in listed.iterdir():
        try:
            target = link.readlink()
        except OSError:  # the listing's own handle
            continue
        if target.is_relative_to(folder.resolve()):
            found.append(target.name)
    return sorted(found)
