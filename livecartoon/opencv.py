"""OpenCV in the threads that call it, for as long as pictures run through them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Users:
    """Counts who wants it so: a setting of the whole process has to outlast all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._before = 0

    def enter(self) -> None:
        import cv2  # half a second, and not needed to be told what this program can do

        with self._lock:
            if not self._count:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._count += 1

    def leave(self) -> None:
        import cv2

        with self._lock:
            self._count -= 1
            if not self._count:
                cv2.setNumThreads(self._before)


_USERS = _Users()


@contextmanager
def callers_threads_only() -> Iterator[None]:
    """Keep OpenCV from splitting a call over threads of its own, which gain nothing here.

    They wait for the next call by asking the system again and again whether anybody else wants
    the core: the drawing threads then share what is left, and 720p live on two cores drops by a
    fifth.
    """
    _USERS.enter()
    try:
        yield
    finally:
        _USERS.leave()
