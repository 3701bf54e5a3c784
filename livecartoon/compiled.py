"""Loops over pixels as machine code, for what no chain of library calls does in one crossing.

Numba compiles a function when it is first called with new types, for the processor at hand, and
keeps the result among our own files that can be made again. Compiled functions hold no lock:
other threads run on.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numba

from livecartoon.folders import cache_folder

P = ParamSpec("P")
R = TypeVar("R")
FOLDER = "kernels"
"""Of the cache: what was compiled."""
_UNREADABLE = (OSError, EOFError, ImportError, KeyError, ValueError, pickle.UnpicklingError)
"""What reading or writing stored machine code can raise; the loops themselves raise nothing."""
_HOW: dict[str, Any] = {
    "nogil": True,
    "fastmath": True,
    "error_model": "numpy",
    "boundscheck": False,
}


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function callable from compiled ones, into which it is compiled."""
    outside: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    made: Callable[P, R] = numba.njit(**_HOW | outside)(function)
    return made


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function over arrays machine code; its result is that of Python to the rounding.

    Where what was compiled cannot be stored or read again, it is compiled in each process.
    """
    stored = _stored(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal stored
        try:
            return stored(*args, **kwargs)
        except _UNREADABLE:
            stored = _unstored(function)
            return stored(*args, **kwargs)

    return call


def _unstored(function: Callable[P, R]) -> Callable[P, R]:
    made: Callable[P, R] = numba.njit(**_HOW)(function)
    return made


def _stored(function: Callable[P, R]) -> Callable[P, R]:
    """The function, kept in our folder."""
    settings = vars(numba.config)  # numba reads the place when it decorates
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = str(cache_folder(FOLDER))
    try:
        made: Callable[P, R] = numba.njit(cache=True, **_HOW)(function)
    except RuntimeError:  # there is no place at all where this user may write
        return _unstored(function)
    finally:
        settings["CACHE_DIR"] = before
    return made
