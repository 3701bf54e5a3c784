"""Which cameras this machine has."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from livecartoon.errors import DeviceError

SYSFS = Path("/sys/class/video4linux")
STABLE_LINKS = Path("/dev/v4l/by-id")
LOOPBACK_REMEDIES = (
    "sudo modprobe v4l2loopback exclusive_caps=1 card_label=livecartoon",
    "sudo apt install v4l2loopback-dkms, if there is no such module",
)


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera: its place in the list, what to open, and what people call it."""

    index: int
    id: str
    """Stable over reboots where the system offers such a name, else the device."""
    name: str
    device: str
    """What the driver opens: /dev/videoN, or the name or number elsewhere."""
    driver: str
    """PyAV input format: v4l2, avfoundation or dshow."""


def list_cameras() -> list[CameraInfo]:
    """Return the cameras in the system's own order; no camera is opened."""
    if sys.platform.startswith("linux"):
        return _linux_cameras(SYSFS, STABLE_LINKS)
    return _listed_by_driver("avfoundation" if sys.platform == "darwin" else "dshow")


def find_camera(text: str) -> CameraInfo:
    """Return the camera meant by an index, a name or a part of it, an id, a device path.

    Empty text means the first physical camera. Raises DeviceError (E801).
    """
    cameras = list_cameras()
    if text.startswith("/dev/") and not any(text in (c.device, c.id) for c in cameras):
        return CameraInfo(0, text, text, text, "v4l2")
    if not cameras:
        raise DeviceError("E801", "no camera found", "plug one in", "--camera pattern:")
    if not text:
        return next((c for c in cameras if not is_loopback(c)), cameras[0])
    for camera in cameras:
        if text in (str(camera.index), camera.id, camera.device, camera.name):
            return camera
    similar = [c for c in cameras if text.casefold() in c.name.casefold()]
    if len(similar) == 1:
        return similar[0]
    known = ", ".join(f"{c.index} {c.name}" for c in cameras)
    problem = f"{len(similar)} cameras are named like" if similar else "no camera"
    raise DeviceError("E801", f"{problem} {text!r}; there are: {known}", "livecartoon devices")


def is_loopback(camera: CameraInfo) -> bool:
    """True for a virtual camera, ours included: never chosen unless asked for."""
    return bool(re.search(r"loopback|dummy|virtual|livecartoon", camera.name, re.IGNORECASE))


def find_loopback(text: str = "") -> str:
    """Return the loopback device meant by a path, a number or a name; "" = the first one.

    Raises DeviceError (E805): a real camera is never written to.
    """
    if not sys.platform.startswith("linux"):
        return text
    cameras = list_cameras()
    usable = [camera for camera in cameras if is_writable(camera.device)]
    if not text and usable:
        return usable[0].device
    wanted = f"/dev/video{text}" if text.isdecimal() else text
    for camera in cameras:
        if text and wanted in (camera.device, camera.name, camera.id):
            if camera in usable:
                return camera.device
            raise DeviceError(
                "E805", f"{camera.name} ({camera.device}) is a real camera", *LOOPBACK_REMEDIES
            )
    problem = f"no loopback device {text}" if text else "no loopback device"
    raise DeviceError("E805", problem, *LOOPBACK_REMEDIES)


def is_writable(device: str) -> bool:
    """True for a device without hardware: the kernel keeps those of v4l2loopback apart."""
    return "virtual" in (SYSFS / Path(device).name).resolve().parts


def _linux_cameras(sysfs: Path, links: Path) -> list[CameraInfo]:
    stable = {link.resolve().name: str(link) for link in sorted(links.glob("*"))}
    found: list[tuple[int, Path]] = []
    for entry in sysfs.glob("video*"):
        number = entry.name.removeprefix("video")
        # nodes above index 0 of one device carry metadata, no pictures
        if number.isdigit() and _read(entry / "index") in ("", "0"):
            found.append((int(number), entry))
    return [
        CameraInfo(
            index,
            stable.get(entry.name, f"/dev/{entry.name}"),
            _read(entry / "name") or entry.name,
            f"/dev/{entry.name}",
            "v4l2",
        )
        for index, (_, entry) in enumerate(sorted(found))
    ]


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "".join(c if c.isprintable() else "?" for c in text.strip())


def _listed_by_driver(driver: str) -> list[CameraInfo]:
    from av.device import enumerate_input_devices

    try:
        devices = enumerate_input_devices(driver)
    except (ValueError, OSError):  # this build of PyAV has no such driver
        return []
    videos = [d for d in devices if "video" in d.media_types]
    return [
        CameraInfo(index, d.name, d.description or d.name, _device(driver, index, d.name), driver)
        for index, d in enumerate(videos)
    ]


def _device(driver: str, index: int, name: str) -> str:
    return f"video={name}" if driver == "dshow" else str(index)


def holder_of(device: str) -> str:
    """Name the process that has `device` open, where the system tells us; else empty."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = any(str(fd.readlink()) == device for fd in (process / "fd").iterdir())
        except OSError:  # another user's process, or one that has just ended
            continue
        if opened and process.name != str(os.getpid()):
            return f"{_read(process / 'comm')} (process {process.name})"
    return ""
