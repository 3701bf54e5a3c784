"""Cameras in the network: over UDP, HTTP and RTSP on this machine, and what becomes of them."""

from __future__ import annotations

import socket
import threading
import time
from fractions import Fraction
from typing import Self

import numpy as np
import pytest

from livecartoon.errors import DeviceError
from livecartoon.frame import Frame
from livecartoon.sinks.stream import StreamSink
from livecartoon.sources import camera as camera_module
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.camera import CameraSource
from livecartoon.sources.pattern import Painter, read_time_code
from tests.netcam import HANDLERS, NetworkCamera
from tests.receiver import free_port

pytestmark = pytest.mark.slow
INFO = VideoInfo(320, 180, Fraction(1, 30), Fraction(30), is_live=True)
LATE_MS = 150
"""Encoder, one frame in the parser, decoder, on a busy machine; a queue would be seconds."""


class Broadcast:
    """Sends the drawn card to a free UDP port in real time until told to stop."""

    def __init__(self) -> None:
        self.url, self._stop = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}", threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        painter = Painter(320, 180)
        with StreamSink(self.url, INFO) as sink:
            index = 0
            while not self._stop.wait(1 / 30):
                pixels = painter.paint(index, index / 30, int(time.monotonic() * 1000))
                sink.write(Frame(pixels, index, INFO.time_base))
                index += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join(10)


def age_ms(frame: Frame) -> int:
    """Milliseconds from drawing to capture."""
    code = read_time_code(frame.pixels)
    assert code is not None
    assert frame.captured_s is not None
    return (int(frame.captured_s * 1000) - code[1]) % 65536


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(camera_module, "NETWORK_TIMEOUT_S", (15.0, 1.0))
    monkeypatch.setattr(camera_module, "FIRST_DELAY_S", 0.05)


@pytest.mark.parametrize("kind", ["udp", *HANDLERS])
def test_network_camera_is_read_without_delay_and_lost_when_it_goes_silent(kind, impatient):
    states: list[str] = []
    ages_ms: list[int] = []
    sender = Broadcast() if kind == "udp" else NetworkCamera(kind)
    with sender, CameraSource(sender.url, reconnect_s=0.0, on_state=states.append) as source:

        def watch() -> None:
            for count, frame in enumerate(source):
                ages_ms.append(age_ms(frame))
                if count == 60:
                    sender.stop()

        with pytest.raises(DeviceError) as caught:
            watch()
    assert caught.value.code == "E804"
    assert len(states) == 1
    assert float(np.median(ages_ms[-30:])) < LATE_MS


@pytest.mark.parametrize("kind", HANDLERS)
def test_network_camera_that_hangs_up_is_called_again_and_goes_on(kind, impatient):
    states: list[str] = []
    with (
        NetworkCamera(kind) as sender,
        CameraSource(sender.url, reconnect_s=10.0, on_state=states.append) as source,
    ):
        pts: list[int] = []
        for count, frame in enumerate(source):
            pts.append(frame.pts)
            if count == 20:
                sender.hang_up()
            if source.reconnects and count > 60:
                break
    assert source.reconnects == 1
    assert states[0].startswith("camera lost")
    assert states[1:] == [""]
    assert pts == sorted(set(pts))
