"""What every receiver of frames promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from livecartoon.frame import Frame


class Sink(ABC):
    """Takes frames in order; a context manager, `close` twice is harmless.

    Leaving the context normally finishes the output; leaving it by an exception calls
    `abort` instead, which keeps what is playable and claims nothing.
    """

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Take one frame; raises OutputError or DeviceError. Pixels are not kept after return."""

    def close(self) -> None:  # noqa: B027  sinks without resources need none
        """Finish the output and release everything."""

    def abort(self) -> None:
        """Release everything after a failure."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()
