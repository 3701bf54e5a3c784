"""Whether a card can be used here, asked without importing torch: that takes seconds."""

from __future__ import annotations

import ctypes
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

NO_DRIVER = "no CUDA driver answers"
BUILT_FOR = re.compile(r"^cuda\b[^=\n]*=\s*(?:None|'(\d+))", re.MULTILINE)
"""Of torch's own file of versions: the CUDA it was built for."""


def has_cuda_driver() -> bool:
    """Whether NVIDIA's driver answers and has a card."""
    driver = _driver()
    if driver is None:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and (count.value > 0)
    )


def card_problem() -> str | None:
    """Why torch cannot use a card here, or None."""
    if not has_cuda_driver():
        return NO_DRIVER
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return "torch is not installed"
    return problem_between(Path(spec.origin).with_name("version.py"), driver_cuda())


def problem_between(versions: Path, runs: int) -> str | None:
    """Why a torch with that file of versions does not run on a driver for CUDA `runs`, or None."""
    try:
        found = BUILT_FOR.search(versions.read_text(encoding="utf-8"))
    except OSError:
        found = None
    if found is None:
        return None  # a build of another kind: it will say so itself
    if found[1] is None:
        return "this torch is a build without CUDA (pip install --force-reinstall torch)"
    if int(found[1]) > runs:
        return f"torch is built for CUDA {found[1]}, the driver runs {runs}: update the driver"
    return None


def driver_cuda() -> int:
    """The newest CUDA, by its first number, that the driver runs; 0 without one."""
    driver = _driver()
    version = ctypes.c_int(0)
    if driver is None or driver.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return 0
    return version.value // 1000


@cache
def _driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
