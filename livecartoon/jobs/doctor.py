"""Examines the machine: one check per thing that has gone wrong on somebody's machine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from livecartoon.config import EngineOptions
from livecartoon.errors import LivecartoonError
from livecartoon.jobs.devices import list_devices, nvidia_driver
from livecartoon.jobs.machine import version_of

Status = Literal["ok", "warn", "FAIL"]
PACKAGES = ("av", "click", "numba", "numpy", "onnx", "openvino", "rich", "safetensors", "torch")
OLDEST_PYTHON = (3, 11)
LOW_DISK = 2 << 30
OLDEST_YEAR = 2024
DEFAULT_STYLE = "shinkai"


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found."""

    id: str
    status: Status
    text: str
    remedy: str = ""


def examine() -> list[Check]:
    """Run every check; none of them raises."""
    return [found for check in CHECKS for found in check()]


def check_python() -> list[Check]:
    """Python itself."""
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST_PYTHON:
        return [Check("python", "FAIL", text, "install Python 3.11 or newer")]
    return [Check("python", "ok", text)]


def check_packages() -> list[Check]:
    """Everything we depend on, and OpenCV under one name only."""
    versions = {name: version_of(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if not version]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    found = [Check("packages", "ok", listed)]
    if missing:
        found = [
            Check("packages", "FAIL", f"missing: {' '.join(missing)}", "pip install livecartoon")
        ]
    return [*found, _opencv()]


def _opencv() -> Check:
    wheels = {name: version_of(name) for name in ("opencv-python", "opencv-python-headless")}
    names = " and ".join(f"{name} {version}" for name, version in wheels.items() if version)
    if not names:
        return Check("opencv", "FAIL", "no OpenCV", "pip install opencv-python")
    if all(wheels.values()):
        remedy = "pip uninstall -y opencv-python-headless opencv-python; pip install opencv-python"
        return Check("opencv", "warn", f"{names} overwrite each other's files", remedy)
    return Check("opencv", "ok", names)


def check_gpu() -> list[Check]:
    """Whether torch, CUDA and the driver go together, and TensorRT is there."""
    driver = nvidia_driver()
    try:
        import torch
    except (ImportError, OSError) as error:
        return [Check("gpu", "FAIL", f"torch cannot be imported: {error}", "pip install torch")]
    if not torch.cuda.is_available():
        if not driver:
            return [Check("gpu", "ok", "no NVIDIA driver: everything runs on the CPU")]
        if not torch.version.cuda:
            text = f"driver {driver}, but torch {torch.__version__} is a build without CUDA"
            return [Check("gpu", "warn", text, "pip install --force-reinstall torch")]
        text = f"torch is built for CUDA {torch.version.cuda}, the driver {driver} does not run it"
        return [Check("gpu", "FAIL", text, "update the NVIDIA driver")]
    names = ", ".join(device.name for device in list_devices("gpus"))
    text = f"{names}; driver {driver}, CUDA {torch.version.cuda}"
    return [Check("gpu", "ok", text), _tensorrt()]


def _tensorrt() -> Check:
    version = version_of("torch-tensorrt")
    if not version:
        remedy = 'pip install "livecartoon[tensorrt]"'
        return Check("tensorrt", "warn", "not installed: torch runs the networks", remedy)
    from livecartoon.backends.tensorrt import library

    try:
        library()
    except LivecartoonError as error:
        text = f"{version}: {error.message}"
        return Check("tensorrt", "warn", text, 'pip install --upgrade "livecartoon[tensorrt]"')
    return Check("tensorrt", "ok", f"torch-tensorrt {version}")


def check_backends() -> list[Check]:
    """What may run the networks here, and why the rest may not."""
    from livecartoon.backends import BACKENDS, probe

    reasons = {name: probe(name) for name in BACKENDS}
    usable = ", ".join(name for name, reason in reasons.items() if reason is None)
    others = "; ".join(f"no {name}: {reason}" for name, reason in reasons.items() if reason)
    return [Check("backends", "ok", f"{usable}{f' ({others})' if others else ''}")]


def check_engines() -> list[Check]:
    """In which arithmetic networks are drawn, and whether every stored engine is sound."""
    from livecartoon.backends import cache

    bits = Check("arithmetic", "ok", *_arithmetic())
    found = cache.entries()
    faults = [fault for entry in found if (fault := cache.fault_of(entry.key))]
    stale = sum(fault.state == "stale" for fault in faults)
    if bad := len(faults) - stale:
        text = f"{bad} of {len(found)} stored engines are damaged"
        return [bits, Check("engines", "warn", text, "livecartoon cache verify")]
    of_others = f", {stale} of another version" if stale else ", all sound"
    return [bits, Check("engines", "ok", f"{len(found)} stored{of_others}")]


def _arithmetic() -> tuple[str, ...]:
    """What our networks are drawn in on this CPU, and what would be faster."""
    from livecartoon.processor import multiplies_bfloat16, multiplies_tiles

    if multiplies_tiles():
        return ("on this CPU, which multiplies tiles of it, our networks are drawn in bfloat16",)
    if multiplies_bfloat16():
        return ("livecartoon optimize tries bfloat16, which this CPU multiplies",)
    if version := version_of("nncf"):
        return (f"nncf {version}: livecartoon optimize builds INT8 engines",)
    text = "nncf is not installed: engines are FP32, INT8 takes up to a quarter less time"
    return text, 'pip install "livecartoon[int8]"'


def check_window() -> list[Check]:
    """Whether the live picture can be shown."""
    from livecartoon.sinks.window import check_window_support

    try:
        check_window_support()
    except LivecartoonError as error:
        return [Check("window", "warn", error.message, error.remedies[0])]
    return [Check("window", "ok", "windows can be opened")]


def check_cameras() -> list[Check]:
    """Cameras and the right to open them."""
    cameras = list_devices("cameras")
    if not cameras:
        return [Check("camera", "warn", "none found", "--camera pattern: is a drawn one")]
    closed = [c for c in cameras if Path(c.path).exists() and not os.access(c.path, os.R_OK)]
    if closed:
        remedy = 'sudo usermod -aG video "$USER", then log in again'
        return [Check("camera", "warn", f"no permission for {closed[0].path}", remedy)]
    return [Check("camera", "ok", ", ".join(camera.name for camera in cameras))]


def check_encoders() -> list[Check]:
    """Encoders that open; the list of the library names some that never do."""
    working = [device.id for device in list_devices("encoders")]
    if "libx264" not in working:
        return [
            Check("encoders", "FAIL", "libx264 does not open", "pip install --force-reinstall av")
        ]
    return [Check("encoders", "ok", " ".join(working))]


def check_style() -> list[Check]:
    """The default style on a drawn picture."""
    import numpy as np

    from livecartoon.frame import Frame
    from livecartoon.jobs.demo_scene import drawn_picture
    from livecartoon.styles import find_style
    from livecartoon.stylizer import Stylizer

    picture = drawn_picture(192, 128)
    try:
        style = find_style(DEFAULT_STYLE)
        with Stylizer(style, 192, 128, EngineOptions(style=style.name)) as stylizer:
            styled = stylizer(Frame(picture, 0, Fraction(1))).pixels
            report = stylizer.report
    except LivecartoonError as error:
        remedy = (
            error.remedies[0] if error.remedies else "pip install --force-reinstall livecartoon"
        )
        return [Check("style", "FAIL", f"{DEFAULT_STYLE}: {error.message}", remedy)]
    if styled.shape != picture.shape or int(np.ptp(styled)) < 16:
        text = f"{DEFAULT_STYLE} on {report.backend} gives an empty picture"
        return [Check("style", "FAIL", text, "--backend torch")]
    text = f"{DEFAULT_STYLE} {report.tier} on {report.backend} {report.precision}, {report.device}"
    return [Check("style", "ok", text)]


def check_folders() -> list[Check]:
    """The cache folder can be written, and there is room."""
    from livecartoon.backends.cache import cache_dir

    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "LIVECARTOON_CACHE_DIR=FOLDER"
        found = Check("cache", "warn", f"{folder} cannot be written ({error.strerror})", remedy)
    else:
        found = Check("cache", "ok", str(folder))
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / (1 << 30):.1f} GiB free in this folder"
    if free < LOW_DISK:
        return [found, Check("disk", "warn", text, "free some space")]
    return [found, Check("disk", "ok", text)]


def check_clock() -> list[Check]:
    """A clock that is far off spoils file dates and certificates."""
    year = time.gmtime().tm_year
    text = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if year < OLDEST_YEAR:
        return [Check("clock", "warn", text, "set the clock")]
    return [Check("clock", "ok", text)]


CHECKS: tuple[Callable[[], list[Check]], ...] = (
    check_python,
    check_packages,
    check_gpu,
    check_window,
    check_cameras,
    check_encoders,
    check_style,
    check_folders,
    check_backends,
    check_engines,
    check_clock,
)
