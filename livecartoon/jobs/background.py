"""Engine builds in a process of their own, and how far each of them is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from livecartoon.backends.locks import Hold, is_held
from livecartoon.errors import OutputError
from livecartoon.folders import cache_folder

STATE_VARIABLE = "LIVECARTOON_BUILD_STATE"
"""Names the state file of a child; set for it alone."""
WRITE_PERIOD_S = 0.2
FORGET_S = 86400.0


@dataclass(slots=True)
class BuildState:
    """What a background build says of itself."""

    pid: int
    title: str = ""
    phase: str = "starting"
    elapsed_s: float = 0.0
    expected_s: float | None = None
    outcome: str = "running"
    """"running", "done", or why it failed; "killed" if it ended without a word."""


def builds_dir() -> Path:
    """Folder of the state files and logs."""
    return cache_folder("builds")


def start(arguments: Sequence[str]) -> tuple[int, Path]:
    """Start `livecartoon ARGUMENTS` in the background; its pid and its log file.

    It goes on when this program or its terminal ends. Raises OutputError E402.
    """
    child, log = spawn(arguments)
    return child.pid, log


def spawn(arguments: Sequence[str], niceness: int = 0) -> tuple[subprocess.Popen[bytes], Path]:
    """Start `livecartoon ARGUMENTS` as a child of this program; it and its log file.

    `niceness` is how far the child stands back behind this program, 0..19: Linux may weigh
    sessions before it weighs processes, so one that stands back shares this session and its
    Ctrl-C. Another has a session of its own. Raises OutputError E402 if there is no folder for
    its log.
    """
    folder = builds_dir()
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    log = folder / f"{name}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log.open("ab") as file:
            child = subprocess.Popen(
                [sys.executable, "-m", "livecartoon", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=os.environ | {STATE_VARIABLE: str(folder / f"{name}.state")},
                start_new_session=not niceness,
            )
    except OSError as error:
        raise OutputError(
            "E402", f"{folder} cannot be written ({error.strerror})", "LIVECARTOON_CACHE_DIR=FOLDER"
        ) from error
    if niceness and hasattr(os, "setpriority"):
        with suppress(ProcessLookupError):
            os.setpriority(
                os.PRIO_PROCESS, child.pid, min(19, niceness + os.getpriority(os.PRIO_PROCESS, 0))
            )
    return child, log


class Reporter:
    """Keeps the state file of this process up to date, if it is a background build."""

    def __init__(self) -> None:
        given = os.environ.get(STATE_VARIABLE)
        self._path = Path(given) if given else None
        self._hold = Hold(self._path.with_suffix(".alive")) if self._path else None
        self._written_s = 0.0
        self.state = BuildState(os.getpid())

    def tell(self, title: str, phase: str, elapsed_s: float, expected_s: float | None) -> None:
        """Note the phase; at most five times a second."""
        state = self.state
        is_new = state.phase != phase
        state.title, state.phase = title, phase
        state.elapsed_s, state.expected_s = round(elapsed_s, 1), expected_s
        if is_new or time.monotonic() - self._written_s > WRITE_PERIOD_S:
            self._write()

    def finish(self, outcome: str) -> None:
        """Note how it ended."""
        self.state.outcome = outcome
        self._write()
        if self._hold is not None:
            self._hold.close()

    def _write(self) -> None:
        if self._path is None:
            return
        self._written_s = time.monotonic()
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self.state)), encoding="utf-8")
        partial.replace(self._path)


def list_builds() -> list[BuildState]:
    """Background builds of the last day, the newest first."""
    found = []
    for path in sorted(builds_dir().glob("*.state"), reverse=True):
        try:
            age_s = time.time() - path.stat().st_mtime
            state = BuildState(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        alive = path.with_suffix(".alive")
        if state.outcome == "running" and not is_held(alive):
            state.outcome = "killed"
        if state.outcome != "running" and age_s > FORGET_S:
            for old in (path, alive, path.with_suffix(".log")):
                old.unlink(missing_ok=True)
            continue
        found.append(state)
    return found
