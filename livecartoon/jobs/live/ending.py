"""How the parts of a live run start and end: threads, Ctrl-C and SIGTERM."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from livecartoon.jobs.live.settings import EndReason

SECOND_PRESS_S = 3.0


class Signals:
    """Turns the first Ctrl-C or SIGTERM into `reason`; a second Ctrl-C within 3 s kills at once.

    Outside the main thread it does nothing: Python allows handlers there only.
    """

    def __init__(self) -> None:
        self.reason: EndReason | None = None
        self._first_s: float | None = None
        self._before: dict[int, Any] = {}

    def _handle(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._first_s is not None and now_s - self._first_s < SECOND_PRESS_S:
            raise KeyboardInterrupt
        self._first_s = now_s
        self.reason = "interrupt" if number == signal.SIGINT else "terminated"

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()


def start_thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """Start a daemon thread: a driver that never returns must not keep the process alive."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
