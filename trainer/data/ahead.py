"""The next batch, made while the present one is learnt from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self


class Ahead:
    """Calls a loader, a pure function of the step, one step ahead in a thread of its own."""

    def __init__(self, loader: Callable[[int], Any]) -> None:
        self._loader = loader
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._next: tuple[int, Future[Any]] | None = None

    def __call__(self, step: int) -> Any:  # noqa: ANN401  whatever the loader gives
        """The batch of `step`; an error of the loader is raised here."""
        batch = self._ask(step).result()
        self._next = (step + 1, self._thread.submit(self._loader, step + 1))
        return batch

    def _ask(self, step: int) -> Future[Any]:
        if self._next is not None and self._next[0] == step:
            return self._next[1]
        return self._thread.submit(self._loader, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)
