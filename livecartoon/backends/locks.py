"""Locks between processes on files; the system frees them when a process dies, however it dies."""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

POLL_S = 0.2
_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


@contextmanager
def exclusive(path: Path, on_wait: Callable[[float], None] | None = None) -> Iterator[bool]:
    """Be the only one inside; wait for another process as long as it takes.

    `on_wait` hears the seconds waited so far, five times a second. Yields whether there was a
    wait. Where no lock file can be made (a read-only folder) nobody is kept out: the work is
    then done twice, not wrongly.
    """
    file = _opened(path)
    started_s = time.monotonic()
    has_waited = False
    try:
        while file >= 0 and not _try_lock(file, is_shared=False):
            has_waited = True
            if on_wait is not None:
                on_wait(time.monotonic() - started_s)
            time.sleep(POLL_S)
        yield has_waited
    finally:
        if file >= 0:
            os.close(file)


class Hold:
    """A shared lock that says "in use" until it is closed or the process ends."""

    def __init__(self, path: Path) -> None:
        file = _opened(path)
        # Let go also when the holder is forgotten without being closed.
        self._let_go = weakref.finalize(self, os.close, file) if file >= 0 else None
        if file >= 0:
            _try_lock(file, is_shared=True)

    def close(self) -> None:
        """Let go; twice is harmless."""
        if self._let_go is not None:
            self._let_go()


def is_held(path: Path) -> bool:
    """Whether a process holds the file, shared or not; nothing is created."""
    if not path.exists():
        return False
    file = _opened(path)
    if file < 0:
        return False
    try:
        return not _try_lock(file, is_shared=False)
    finally:
        os.close(file)


def _opened(path: Path) -> int:
    """A descriptor of the lock file, -1 if there cannot be one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        log.debug("no lock file %s: %s", path, error)
        return -1


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int, *, is_shared: bool) -> bool:
        # Windows has no shared lock of this kind: one process "in use" stands for all.
        try:
            os.lseek(file, 0, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno not in _BUSY:
                log.debug("no locks on this file system: %s", error)
            return is_shared or error.errno not in _BUSY
        return True

else:
    import fcntl

    def _try_lock(file: int, *, is_shared: bool) -> bool:
        """Take the lock without waiting; True also where the file system has no locks."""
        kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _BUSY:
                log.debug("no locks on this file system: %s", error)
            return error.errno not in _BUSY
        return True
