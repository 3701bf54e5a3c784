"""Whether a CUDA driver is there, asked without torch."""

from __future__ import annotations

import ctypes
import sys


def has_cuda_driver() -> bool:
    """Whether NVIDIA's driver answers; asks the driver library, importing torch takes seconds."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and (count.value > 0)
    )
