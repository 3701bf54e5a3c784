"""Logging to standard error, set up once by the command line; the library only gets loggers."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

LEVELS = {-2: logging.CRITICAL + 1, -1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


def set_up_logging(verbosity: int = 0, log_file: Path | None = None) -> None:
    """Send records of `livecartoon` to stderr at `verbosity` (-2 nothing .. 2 debug).

    A `log_file` gets all of them: who reads it looks for a cause.
    """
    root = logging.getLogger("livecartoon")
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.propagate = False
    level = logging.DEBUG if verbosity >= 2 else LEVELS[max(-2, verbosity)]
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers[0].setLevel(level)
    if log_file is not None:
        handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
        level = logging.DEBUG
    for handler in handlers:
        handler.setFormatter(logging.Formatter("livecartoon: %(levelname)s: %(message)s"))
        root.addHandler(handler)
    root.setLevel(level)
