"""A live run on a capture device that FFmpeg draws: what it grants, unplugged, plugged in again."""

from __future__ import annotations

import errno
import logging
import time

import pytest

from livecartoon.errors import DeviceError
from livecartoon.jobs.live import figures
from livecartoon.sources import camera as camera_module
from livecartoon.sources import devices
from livecartoon.sources.camera import CameraInfo
from tests.live import Recorder, play

pytestmark = pytest.mark.slow


@pytest.fixture
def plug_in(monkeypatch):
    """Let the machine have one camera of 320x180, at a rate, for so long from each opening on.

    It grants what it has, whatever is asked for.
    """
    usual = camera_module._open_container
    monkeypatch.setattr(camera_module, "_open_container", lambda camera, _: usual(camera, {}))

    def plug(rate: int, seconds: float | None = None) -> None:
        length = "" if seconds is None else f":duration={seconds}"
        drawn = f"testsrc2=size=320x180:rate={rate}{length},realtime"
        info = CameraInfo(0, "usb-1234", "Drawn Webcam", drawn, "lavfi")
        monkeypatch.setattr(devices, "list_cameras", lambda: [info])

    return plug


def test_live_camera_grants_what_it_can_and_its_rate_is_measured(plug_in, monkeypatch):
    monkeypatch.setattr(figures, "RATE_CHECK_S", 1.0)
    plug_in(rate=10)
    report, presenter = play(camera="webcam", duration_s=1.8)
    assert report.camera["size"] == [320, 180]  # 1280x720 was asked for
    assert (report.camera["id"], report.camera["asked_fps"]) == ("usb-1234", 30.0)
    assert 8 < report.camera["measured_fps"] < 12
    (warning,) = report.warnings
    assert "of 30.0 fps: low light or USB bandwidth" in warning
    assert presenter.scenes[-1].is_mirrored  # people expect a mirror of themselves


def has_placard(presenter: Recorder) -> bool:
    return "camera lost" in " ".join(presenter.scenes[-1].panel)


def has_none(presenter: Recorder) -> bool:
    return not presenter.scenes[-1].panel


def test_live_camera_unplugged_shows_a_placard_and_goes_on_when_it_is_back(
    plug_in, monkeypatch, caplog
):
    monkeypatch.setattr(camera_module, "FIRST_DELAY_S", 0.6)
    plug_in(rate=25, seconds=0.8)
    with caplog.at_level(logging.WARNING):
        report, _ = play([(has_placard, "nothing"), (has_none, "q")], camera="0")
    assert 1 <= report.reconnects <= 3
    told = [record for record in caplog.records if "lost" in record.message]
    assert len(told) - report.reconnects in (0, 1)  # once for each loss
    assert report.end_reason == "quit"


def test_live_camera_unplugged_for_good_is_e804_in_time(plug_in, monkeypatch):
    usual = camera_module._open_container
    opened: list[str] = []

    def open_once(camera, options):
        if opened:
            raise OSError(errno.ENODEV, "No such device")
        opened.append(camera.name)
        return usual(camera, options)

    monkeypatch.setattr(camera_module, "_open_container", open_once)
    plug_in(rate=25, seconds=0.4)
    with pytest.raises(DeviceError, match="not back in 1 s") as caught:
        play(camera="0", reconnect_s=1.0)
    assert caught.value.code == "E804"


@pytest.mark.parametrize("key", ["q", "esc"])
def test_live_camera_is_released_soon_after_the_key(plug_in, key, monkeypatch):
    closed_s: list[float] = []
    usual = camera_module.CameraSource.close

    def close(self):
        usual(self)
        closed_s.append(time.monotonic())

    monkeypatch.setattr(camera_module.CameraSource, "close", close)
    plug_in(rate=25)
    _, presenter = play([(5, key)], camera="0")
    # 40 ms on an idle machine; the 1 s that is promised is a gate of `benchmarks live`.
    assert closed_s[0] - presenter.shown_s[-1] < 5.0
