"""The folder beside an output in which it is made; the final name never holds a torso."""

from __future__ import annotations

import errno
import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from livecartoon.errors import OutputError
from livecartoon.jobs import unfinished
from livecartoon.jobs.journal import Journal

LOCK = "lock"


class Workspace:
    """Creates `<output>.livecartoon/`, guarded against a second run; removes it at the end."""

    def __init__(self, output: Path) -> None:
        self.folder = output.with_name(f"{output.name}.livecartoon")
        self.part = self.folder / f"part{output.suffix}"
        self.journal = Journal(self.folder)
        """The closed pieces; while it holds some, the folder stays."""
        self._is_committed = False
        self._output = output
        try:
            self.folder.mkdir(exist_ok=True)
            self._take_lock()
        except OSError as error:
            raise OutputError(
                "E402",
                f"cannot write in {output.parent} ({error.strerror})",
                "check the folder, or choose another with -o",
            ) from error
        self._remove_parts()
        unfinished.remember(self.folder)

    def _take_lock(self) -> None:
        lock = self.folder / LOCK
        owner = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        for _ in range(2):
            try:
                with lock.open("x", encoding="utf-8") as file:
                    file.write(owner)
            except FileExistsError:
                if not _is_stale(lock):
                    raise OutputError(
                        "E406",
                        f"another run is writing {self._output.name}",
                        f"wait for it, or remove {self.folder} if there is none",
                    ) from None
                lock.unlink(missing_ok=True)
            else:
                return
        raise OutputError("E406", f"another run took {self._output.name}", "again later")

    def commit(self, target: Path) -> None:
        """Give the finished part its name, surviving a power cut on the way."""
        try:
            _sync(self.part)
            self.part.replace(target)
            self._is_committed = True
            _sync(target.parent)
        except OSError as error:
            raise OutputError(
                "E402", f"{target} cannot be written ({error.strerror})", "check the folder"
            ) from error

    def _remove_parts(self) -> None:
        for left in [*self.folder.glob("part.*"), *self.folder.glob("*.part")]:
            left.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._remove_parts()
            if self._is_committed or not self.journal.is_worth_keeping:
                self.journal.clear()
            (self.folder / LOCK).unlink(missing_ok=True)
            self.folder.rmdir()  # stays if there is something inside to go on with
            unfinished.forget(self.folder)


def _is_stale(lock: Path) -> bool:
    """Whether the run that made `lock` is gone from this machine."""
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        pid, host = int(owner["pid"]), str(owner["host"])
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname():
        return False
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.ESRCH
    return False


def _sync(path: Path) -> None:
    """Push `path` (file or folder) to the disk; folders cannot be opened on Windows."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
