"""Loops over pixels as machine code, for what no chain of library calls does in one crossing.

Numba compiles a function when it is first called with new types, for the processor at hand.
Compiled functions hold no lock: other threads run on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

from livecartoon import codestore

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")
_HOW: dict[str, Any] = {
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",
    "boundscheck": False,
}
_INSIDE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Nobody calls a part from outside: the ways in would be a fifth of the compiling."""

_FOLDERS: dict[Callable[..., Any], Path] = {}
"""Where the code of compiled functions is kept."""


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function callable from compiled ones, into which it is compiled."""
    with _settings(DISABLE_JIT=0):
        made: Callable[P, R] = numba.njit(**_HOW | _INSIDE)(function)
    return made


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function over arrays machine code; its result is that of Python to the rounding.

    What was compiled is kept (`codestore`) and checked before it is used again. Where it cannot be
    kept, each process compiles it.
    """
    folder = codestore.open_folder(function.__code__.co_filename, __file__, repr(_HOW))
    if folder is None:
        log.info("nothing can be kept: %s is compiled in each process", function.__name__)
        made = _unkept(function)
    else:
        with _settings(DISABLE_JIT=0, CACHE_DIR=str(folder)):
            made = numba.njit(cache=True, **_HOW)(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal made
        known = len(made.overloads)
        try:
            result: R = made(*args, **kwargs)
        except OSError as error:  # of storing it: the loops raise nothing
            log.info("%s is compiled but not kept: %s", function.__name__, error)
            if len(made.overloads) == known:  # it failed to look, before it compiled
                made = _unkept(function)
            result = made(*args, **kwargs)
        if folder is not None and len(made.overloads) > known:
            codestore.seal(folder)
        return result

    if folder is not None:
        _FOLDERS[call] = folder
    return call


def is_to_come(function: Callable[..., Any]) -> bool:
    """Whether the code of a compiled function can be kept, and nobody has compiled it yet."""
    folder = _FOLDERS.get(function)
    return folder is not None and not codestore.has_code(folder, function.__name__)


def _unkept(function: Callable[P, R]) -> Any:  # noqa: ANN401  a dispatcher of numba's
    with _settings(DISABLE_JIT=0):
        return numba.njit(**_HOW)(function)


@contextmanager
def _settings(**wanted: object) -> Iterator[None]:
    """Numba reads these when it decorates; they are put back for those who use it beside us."""
    settings = vars(numba.config)
    before = {name: settings[name] for name in wanted}
    settings.update(wanted)
    try:
        yield
    finally:
        settings.update(before)
