"""A one-frame slot between two live threads: the newest wins, nobody waits for the slower one."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class SlotClosed(Exception):  # noqa: N818  an end, not an error
    """The producer has finished and the slot is empty."""


class Slot(Generic[T]):
    """Holds the newest `capacity` items; putting into a full slot drops the oldest, counted.

    The producing thread works inside `with slot:`. Leaving it closes the slot; leaving it by an
    exception hands that exception to whoever calls `get`, so no thread dies unheard.
    """

    def __init__(self, capacity: int = 1) -> None:
        assert capacity >= 1, capacity
        self._items: deque[T] = deque(maxlen=capacity)
        self._changed = threading.Condition()
        self._is_closed = False
        self._error: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items replaced before anybody took them."""
        with self._changed:
            return self._dropped

    def put(self, item: T) -> bool:
        """Store `item`; False, and nothing stored, if the slot is closed."""
        with self._changed:
            if self._is_closed:
                return False
            if len(self._items) == self._items.maxlen:
                self._dropped += 1
            self._items.append(item)
            self._changed.notify()
            return True

    def get(self, timeout_s: float) -> T | None:
        """Take the oldest item kept, waiting up to `timeout_s`; None if none came.

        Raises SlotClosed at the end, and the producer's exception if it failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._is_closed, timeout_s)
            if self._error is not None:
                raise self._error
            if self._items:
                return self._items.popleft()
            if self._is_closed:
                raise SlotClosed
            return None

    def close(self) -> None:
        """No more items; those kept can still be taken. Twice is harmless."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Close, and let every later `get` raise `error`; the first failure stays."""
        with self._changed:
            if self._error is None:
                self._error = error
            self._is_closed = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None or isinstance(error, SlotClosed):
            self.close()
        else:
            self.fail(error)
        return True  # the consumer raises it again, in its own thread
