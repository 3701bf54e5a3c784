"""The virtual camera, with a recording in the place of the device."""

from __future__ import annotations

import errno
import sys
import time
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

from livecartoon.errors import DeviceError
from livecartoon.frame import Frame
from livecartoon.sinks import vcam
from livecartoon.sinks.vcam import VcamSink
from livecartoon.sources import devices
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.devices import CameraInfo, find_loopback
from livecartoon.sources.pattern import Painter, read_time_code

INFO = VideoInfo(320, 180, Fraction(1, 50), Fraction(50), is_live=True)
SIZE = 320 * 180 * 3 // 2


@pytest.fixture
def tape(tmp_path, monkeypatch) -> Path:
    """What the device was given: raw yuv420p pictures."""
    monkeypatch.setattr("sys.platform", "linux")
    path = tmp_path / "tape.yuv"
    monkeypatch.setattr(vcam, "open_device", lambda _: av.open(str(path), "w", format="rawvideo"))
    return path


def pictures(tape: Path) -> list[np.ndarray]:
    data = tape.read_bytes()
    assert len(data) % SIZE == 0
    planes = [np.frombuffer(data[i : i + SIZE], np.uint8) for i in range(0, len(data), SIZE)]
    frames = [av.VideoFrame.from_ndarray(p.reshape(270, 320), format="yuv420p") for p in planes]
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def test_vcam_repeats_the_last_picture_at_its_rate_and_ends_black(tape):
    painter = Painter(320, 180)
    with VcamSink("/dev/video9", INFO) as sink:
        for index in (7, 8):
            sink.write(Frame(painter.paint(index, 0.1, 5), index, INFO.time_base))
            time.sleep(0.3)
    shown = pictures(tape)
    codes = [read_time_code(np.ascontiguousarray(p)) for p in shown[:-1]]
    assert {code[0] for code in codes if code} == {7, 8}
    assert codes == sorted(codes)
    assert 15 <= len(codes) <= 32  # 0.6 s at 50 a second
    assert shown[-1].max() < 8


def test_vcam_device_that_is_busy_names_another_way(monkeypatch):
    def refuse(_: str):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(vcam, "open_device", refuse)
    with pytest.raises(DeviceError, match="another program") as caught:
        VcamSink("/dev/video9", INFO)
    assert caught.value.code == "E805"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no /dev/null")
def test_vcam_device_that_is_none_is_e805(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(DeviceError) as caught:
        VcamSink("/dev/null", INFO)
    assert caught.value.code == "E805"
    assert any("modprobe" in remedy for remedy in caught.value.remedies)


class StandIn(ModuleType):
    """pyvirtualcam as far as it is used; `has_device` says whether OBS is installed."""

    def __init__(self, *, has_device: bool = True) -> None:
        super().__init__("pyvirtualcam")
        self.sent: list[np.ndarray] = []
        self.asked: dict[str, object] = {}
        self.is_closed, self.has_device = False, has_device

    def Camera(self, **asked: object) -> StandIn:
        if not self.has_device:
            raise RuntimeError("virtual camera output could not be started")
        self.asked = asked
        return self

    def send(self, pixels: np.ndarray) -> None:
        self.sent.append(pixels.copy())

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")

    def install(package: StandIn | None) -> StandIn | None:
        monkeypatch.setitem(sys.modules, "pyvirtualcam", package)
        return package

    return install


def test_vcam_elsewhere_feeds_the_package_and_ends_black(elsewhere):
    package = elsewhere(StandIn())
    with VcamSink("", INFO) as sink:
        sink.write(Frame(np.full((180, 320, 3), 200, np.uint8), 0, INFO.time_base))
        time.sleep(0.2)
    assert package.asked == {"width": 320, "height": 180, "fps": 50.0, "device": None}
    assert len(package.sent) > 3
    assert (package.sent[-2] == 200).all()
    assert not package.sent[-1].any()
    assert package.is_closed


@pytest.mark.parametrize(
    ("package", "remedy"),
    [(None, 'pip install "livecartoon[vcam]"'), (StandIn(has_device=False), "install OBS Studio")],
)
def test_vcam_elsewhere_that_is_missing_names_what_to_install(elsewhere, package, remedy):
    elsewhere(package)
    with pytest.raises(DeviceError) as caught:
        VcamSink("", INFO)
    assert caught.value.code == "E805"
    assert caught.value.remedies[0].startswith(remedy)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A webcam at video0 and a loopback device at video4, as the kernel lays them out."""
    monkeypatch.setattr("sys.platform", "linux")
    sysfs = tmp_path / "class"
    sysfs.mkdir()
    for node, place in (("video0", "pci0000:00/usb1"), ("video4", "virtual/video4linux")):
        (tmp_path / "devices" / place / node).mkdir(parents=True)
        (sysfs / node).symlink_to(tmp_path / "devices" / place / node)
    found = [
        CameraInfo(i, d, n, d, "v4l2")
        for i, d, n in ((0, "/dev/video0", "Virtual HD Webcam"), (1, "/dev/video4", "My Card"))
    ]
    monkeypatch.setattr(devices, "SYSFS", sysfs)
    monkeypatch.setattr(devices, "list_cameras", lambda: found)


@pytest.mark.parametrize("text", ["", "/dev/video4", "4", "My Card"])
def test_loopback_device_is_found(machine, text):
    assert find_loopback(text) == "/dev/video4"


@pytest.mark.parametrize("text", ["/dev/video0", "0", "Virtual HD Webcam"])
def test_loopback_that_is_a_real_camera_is_refused(machine, text):
    with pytest.raises(DeviceError, match="real camera") as caught:
        find_loopback(text)
    assert caught.value.code == "E805"


def test_loopback_that_is_missing_names_the_command(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(devices, "list_cameras", list)
    with pytest.raises(DeviceError, match="no loopback device") as caught:
        find_loopback()
    assert "modprobe v4l2loopback" in caught.value.remedies[0]
