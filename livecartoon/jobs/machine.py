"""What a measurement was made on."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from livecartoon.jobs.devices import nvidia_driver
from livecartoon.threads import usable_cores

VERSIONS = (
    *("av", "nncf", "numpy", "onnxruntime", "openvino", "opencv-python", "tensorrt-rtx", "torch"),
    "torch-tensorrt",
)


def machine_facts() -> dict[str, Any]:
    """Return the `machine` object of a benchmark; unknown values are None."""
    versions = {name: version_of(name) for name in VERSIONS}
    facts: dict[str, Any] = {
        "cpu": _cpu_name(),
        "cores": usable_cores(),
        "ram": _ram_bytes(),
        "gpu": None,
        "vram": None,
        "driver": nvidia_driver() or None,
        "cuda": None,
        "torch": versions["torch"],
        "tensorrt": versions["torch-tensorrt"],
        "os": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": versions,
    }
    return facts | (_gpu_facts() if facts["driver"] else {})


def version_of(package: str) -> str | None:
    """Return the installed version of a package, None if it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpu_facts() -> dict[str, Any]:
    import torch

    if not torch.cuda.is_available():
        return {}
    properties = torch.cuda.get_device_properties(0)
    return {
        "gpu": properties.name,
        "vram": properties.total_memory,
        "cuda": torch.version.cuda,
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _ram_bytes() -> int | None:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
