"""Keys pressed in the terminal work like keys pressed in the window."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

ARROWS = {b"\x1b[D": "left", b"\x1b[C": "right", b"\x1bOD": "left", b"\x1bOC": "right"}
MOST_BYTES = 64


class TerminalKeys:
    """Reads single keys from a terminal without echo; Ctrl-C stays a signal.

    Does nothing where standard input is no terminal, is not ours to read, or on Windows.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            return self
        import termios
        import tty

        if self._descriptor is None:
            self._descriptor = _terminal_of_ours()
        if self._descriptor is not None:
            self._before = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if sys.platform == "win32" or self._before is None or self._descriptor is None:
            return
        import termios

        with suppress(termios.error):  # the terminal has been closed meanwhile
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        self._before = None

    def pressed(self) -> list[str]:
        """Return the keys pressed since the last call, without waiting."""
        if self._before is None or self._descriptor is None:
            return []
        if not select.select([self._descriptor], [], [], 0)[0]:
            return []
        try:
            data = os.read(self._descriptor, MOST_BYTES)
        except OSError:  # hung up
            data = b""
        if not data:
            self.__exit__(None, None, None)
        return key_names(data)


def _terminal_of_ours() -> int | None:
    """Return the descriptor of standard input if it is a terminal and we are in front of it."""
    try:
        descriptor = sys.stdin.fileno()
        is_ours = os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # closed, replaced, or no terminal after all
        return None
    return descriptor if is_ours else None


def key_names(data: bytes) -> list[str]:
    """Name the keys in what a terminal sent; unknown sequences are dropped whole."""
    if data in ARROWS:
        return [ARROWS[data]]
    if data == b"\x1b":
        return ["esc"]
    if data.startswith(b"\x1b"):
        return []
    return [chr(byte).lower() for byte in data if 32 <= byte < 127]
