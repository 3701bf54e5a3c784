from __future__ import annotations

import errno
import threading
import time
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest

from livecartoon.errors import DeviceError, InputError
from livecartoon.sources import camera as camera_module
from livecartoon.sources import devices
from livecartoon.sources.camera import CameraInfo, CameraSource, CameraWish, driver_stamp_s
from livecartoon.sources.devices import find_camera, holder_of
from livecartoon.sources.paced import Pace
from livecartoon.sources.wish import attempts
from tests.drawing import write_clip

WISH = CameraWish(320, 180, Fraction(30))


def drawn(seconds: float | None = None) -> CameraInfo:
    """A camera that FFmpeg's own test generator plays."""
    length = "" if seconds is None else f":duration={seconds}"
    return CameraInfo(0, "drawn", "drawn", f"testsrc2=size=320x180:rate=30{length}", "lavfi")


def test_camera_frames_are_rgb_stamped_and_in_order():
    before_s = time.monotonic()
    with CameraSource(drawn(), WISH) as source:
        frames = list(islice(source, 5))
    assert [f.pixels.shape for f in frames] == [(180, 320, 3)] * 5
    assert all(a.pts < b.pts for a, b in pairwise(frames))
    assert all(f.captured_s is not None and f.captured_s >= before_s for f in frames)
    assert source.info.is_live


def test_camera_closed_twice_yields_no_more_frames():
    source = CameraSource(drawn(), WISH)
    assert next(iter(source)).pixels.any()
    source.close()
    source.close()
    assert list(source) == []


def test_camera_stopped_from_another_thread_ends():
    with CameraSource(drawn(), WISH) as source:
        threading.Timer(0.05, source.stop).start()
        assert sum(1 for _ in source) > 0


def test_camera_that_stays_away_is_lost():
    states: list[str] = []
    with (
        CameraSource(drawn(0.2), WISH, reconnect_s=0.0, on_state=states.append) as source,
        pytest.raises(DeviceError) as caught,
    ):
        list(source)
    assert caught.value.code == "E804"
    assert states == ["camera lost: it sends no more pictures"]


def test_camera_that_comes_back_goes_on(monkeypatch):
    monkeypatch.setattr(camera_module, "FIRST_DELAY_S", 0.01)
    states: list[str] = []
    with CameraSource(drawn(0.2), WISH, reconnect_s=5.0, on_state=states.append) as source:
        frames = list(islice(source, 10))  # one opening gives six
    assert len(frames) == 10
    assert source.reconnects == 1
    assert states[-1] == ""
    assert all(a.pts < b.pts for a, b in pairwise(frames))


def test_camera_at_a_missing_path_is_e801(tmp_path):
    info = CameraInfo(0, "x", "x", str(tmp_path / "video9"), "v4l2")
    with pytest.raises(DeviceError) as caught:
        CameraSource(info)
    assert caught.value.code == "E801"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "denied"), "E803"),
        (OSError(errno.EBUSY, "Device or resource busy"), "E802"),
        (OSError(errno.ENODEV, "No such device"), "E801"),
    ],
)
def test_camera_that_refuses_is_told_apart(error, code):
    with pytest.raises(DeviceError) as caught:
        camera_module._raise_if_final(drawn(), error)
    assert caught.value.code == code
    assert caught.value.remedies


def test_camera_url_with_password_is_named_without_it():
    info = camera_module._resolve("rtsp://me:secret@10.0.0.1/live")
    assert "secret" not in info.name + info.id


@pytest.mark.parametrize(("asked", "first"), [("auto", "mjpeg"), ("yuyv", "yuyv")])
def test_camera_attempts_end_with_anything(asked, first):
    wish = CameraWish(input_format=asked)
    names = [name for name, _ in attempts(CameraInfo(0, "", "", "", "v4l2"), wish)]
    assert names[0] == first
    assert names[-1] == "any"


def test_camera_that_has_no_mjpeg_is_opened_with_what_it_has(monkeypatch):
    usual = camera_module._open_container
    asked: list[str | None] = []

    def refuse_mjpeg(camera, options):
        asked.append(options.get("input_format"))
        if asked[-1] == "mjpeg":
            raise OSError(errno.EINVAL, "Invalid argument")
        return usual(camera, {})

    monkeypatch.setattr(camera_module, "_open_container", refuse_mjpeg)
    with CameraSource(drawn(), CameraWish(1280, 720, Fraction(60))) as source:
        assert source.format == "yuyv"
        assert (source.info.width, source.info.height) == (320, 180)  # not what was asked for
    assert asked == ["mjpeg", "yuyv422"]


def lay_out(sysfs: Path, cameras: list[tuple[str, str, str]]) -> None:
    for node, name, index in cameras:
        (sysfs / node).mkdir(parents=True)
        (sysfs / node / "name").write_text(name + "\n")
        (sysfs / node / "index").write_text(index + "\n")


@pytest.fixture
def cameras(tmp_path, monkeypatch):
    lay_out(
        tmp_path / "sys",
        [
            ("video10", "OBS Virtual Camera", "0"),
            ("video0", "HD Pro Webcam C920", "0"),
            ("video1", "HD Pro Webcam C920", "1"),
            ("video2", "Integrated\x1b[31m Camera", "0"),
        ],
    )
    found = devices._linux_cameras(tmp_path / "sys", tmp_path / "links")
    monkeypatch.setattr(devices, "list_cameras", lambda: found)
    return found


def test_cameras_are_in_numeric_order_without_metadata_nodes(cameras):
    assert [c.device for c in cameras] == ["/dev/video0", "/dev/video2", "/dev/video10"]
    assert [c.index for c in cameras] == [0, 1, 2]


def test_camera_name_cannot_steer_the_terminal(cameras):
    assert "\x1b" not in cameras[1].name


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("", "/dev/video0"),
        ("1", "/dev/video2"),
        ("c920", "/dev/video0"),
        ("/dev/video10", "/dev/video10"),
        ("/dev/video42", "/dev/video42"),
    ],
)
def test_find_camera_by_index_name_or_path(cameras, text, device):
    assert find_camera(text).device == device


@pytest.mark.parametrize("text", ["7", "canon", "cam"])
def test_find_camera_that_is_none_or_several_lists_what_there_is(cameras, text):
    with pytest.raises(DeviceError, match="HD Pro") as caught:
        find_camera(text)
    assert caught.value.code == "E801"


def test_find_camera_without_any_offers_the_test_card(monkeypatch):
    monkeypatch.setattr(devices, "list_cameras", list)
    with pytest.raises(DeviceError) as caught:
        find_camera("")
    assert "--camera pattern:" in caught.value.remedies


def test_holder_of_a_device_nobody_has_is_empty():
    assert holder_of("/dev/video4242") == ""


def test_camera_after_a_replug_is_known_by_its_id(monkeypatch):
    before = CameraInfo(0, "by-id/usb-c920", "C920", "/dev/video0", "v4l2")
    present = [
        CameraInfo(0, "by-id/usb-other", "C920", "/dev/video0", "v4l2"),
        CameraInfo(1, "by-id/usb-c920", "C920", "/dev/video3", "v4l2"),
    ]
    monkeypatch.setattr(camera_module, "list_cameras", lambda: present)
    assert camera_module._found_again(before).device == "/dev/video3"


def test_camera_away_after_a_replug_stays_the_one_meant(monkeypatch):
    before = CameraInfo(0, "by-id/usb-c920", "C920", "/dev/video0", "v4l2")
    monkeypatch.setattr(camera_module, "list_cameras", list)
    assert camera_module._found_again(before) is before


@pytest.mark.parametrize(
    ("pts", "meant_s"),
    [(99_960_000, 99.96), (98_000_000, 100.0), (100_500_000, 100.0), (10**15, 100.0), (None, 100)],
)
def test_camera_stamp_of_the_driver_counts_if_it_is_of_our_clock(pts, meant_s):
    assert driver_stamp_s(pts, Fraction(1, 1_000_000), 100.0) == pytest.approx(meant_s)
    assert driver_stamp_s(pts, None, 100.0) == 100.0


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtmp", "udp"])
def test_camera_options_of_a_stream_are_low_delay_and_keep_files_out(scheme):
    info = camera_module._resolve(f"{scheme}://10.0.0.1/live")
    ((_, options),) = attempts(info, WISH)
    assert options["fflags"] == "nobuffer"
    assert "file" not in options["protocol_whitelist"].split(",")


def test_camera_on_an_empty_standard_input_is_e307(tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    monkeypatch.setattr(camera_module, "STDIN", str(empty))
    with pytest.raises(InputError) as caught:
        CameraSource("-")
    assert caught.value.code == "E307"


def test_camera_on_standard_input_plays_in_real_time_and_ends(tmp_path, monkeypatch):
    path = tmp_path / "clip.mkv"
    write_clip(path)
    monkeypatch.setattr(camera_module, "STDIN", str(path))
    start_s = time.monotonic()
    with CameraSource("-") as source:
        frames = list(source)
    spread_s = frames[-1].seconds - frames[0].seconds
    assert len(frames) > 5
    assert time.monotonic() - start_s > spread_s > 0.3


def test_pace_that_is_late_does_not_hurry_afterwards():
    pace = Pace()
    assert pace.wait_s(0.0, 100.0) == 0
    assert pace.wait_s(0.1, 100.0) == pytest.approx(0.1)
    assert pace.wait_s(0.2, 101.0) == 0
    assert pace.wait_s(0.3, 101.0) == pytest.approx(0.1)
    assert pace.wait_s(99.0, 101.1) == 0
