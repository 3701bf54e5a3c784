"""One thing on its way from one live thread to the next; nothing is dropped here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
POLL_S = 0.1


class Relay(Generic[Item]):
    """The giver waits while the taker has not begun with the thing before.

    What the taker fails with, the giver is told at its next `put` or `settle`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Item] = []
        self._is_busy = False
        self._is_closed = False
        self._error: BaseException | None = None

    def put(self, item: Item, complete: Callable[[Item], None] | None = None) -> None:
        """Give `item` away, as soon as there is nothing waiting; if not at once, `complete` it."""
        if complete is not None and self._waiting:
            complete(item)
        self._wait_for(lambda: not self._waiting)
        with self._changed:
            self._waiting.append(item)
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait until all that was given has been dealt with."""
        self._wait_for(lambda: not self._waiting and not self._is_busy)

    def drop(self) -> None:
        """Forget what waits: its time is over."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Give no more; what waits is still dealt with."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def work(self, deal: Callable[[Item], None]) -> None:
        """Deal with everything given, in its order, until the end: the taker's whole life."""
        try:
            while (item := self._take()) is not None:
                deal(item)
        except BaseException as error:  # noqa: BLE001  no thread dies unheard: the giver raises it
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def check(self) -> None:
        """Raise what the taker failed with."""
        if self._error is not None:
            raise self._error

    def _take(self) -> Item | None:
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if not self._waiting:
                return None
            self._is_busy = True
            item = self._waiting.pop()
            self._changed.notify_all()
            return item

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            while not self._changed.wait_for(lambda: condition() or self._error, POLL_S):
                pass
        self.check()
