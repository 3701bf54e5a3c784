"""Lists what can be chosen with --camera, --device, --vcam and --codec."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DRIVER_FILE = Path("/proc/driver/nvidia/version")
DRIVER_TEXT = re.compile(r"(?:Kernel Module(?: for \S+)?|NVRM version:.*?)\s+(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Device:
    """One thing to choose."""

    id: str
    name: str
    path: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def nvidia_driver() -> str:
    """Return the version of the loaded NVIDIA driver, or nothing; no program is started."""
    try:
        match = DRIVER_TEXT.search(DRIVER_FILE.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return match[1] if match else "unknown"


def list_devices(kind: str) -> list[Device]:
    """Return the devices of a kind: cameras, gpus, vcams or encoders."""
    return LISTS[kind]()


def _cameras() -> list[Device]:
    from livecartoon.sources.devices import is_loopback, list_cameras

    return [
        Device(str(c.index), c.name, c.device, {"stable_id": c.id, "device": c.device})
        for c in list_cameras()
        if not is_loopback(c)
    ]


def _vcams() -> list[Device]:
    from livecartoon.sources.devices import is_loopback, list_cameras

    return [
        Device(c.device, c.name, c.device, {"stable_id": c.id})
        for c in list_cameras()
        if is_loopback(c)
    ]


def _gpus() -> list[Device]:
    from livecartoon.backends.driver import has_cuda_driver

    if not has_cuda_driver():
        return []  # importing torch takes seconds
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [_gpu(index) for index in range(count)]


def _gpu(index: int) -> Device:
    import torch

    properties = torch.cuda.get_device_properties(index)
    free, total = torch.cuda.mem_get_info(index)
    details = {
        "vram_free": free,
        "vram_total": total,
        "capability": f"{properties.major}.{properties.minor}",
        "driver": nvidia_driver(),
    }
    text = f"{properties.name}, {free >> 20} of {total >> 20} MiB free"
    return Device(f"cuda:{index}", text, details=details)


def _encoders() -> list[Device]:
    from livecartoon.sinks.encoders import working_encoders

    return [Device(name, text) for name, text in working_encoders().items()]


LISTS: dict[str, Callable[[], list[Device]]] = {
    "cameras": _cameras,
    "encoders": _encoders,
    "gpus": _gpus,
    "vcams": _vcams,
}
