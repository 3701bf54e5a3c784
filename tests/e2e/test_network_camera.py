"""A camera in the network: our own stream over UDP on this machine, and one that goes silent."""

from __future__ import annotations

import socket
import threading
import time
from fractions import Fraction

import pytest

from livecartoon.errors import DeviceError
from livecartoon.frame import Frame
from livecartoon.sinks.stream import StreamSink
from livecartoon.sources import camera as camera_module
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.camera import CameraSource
from livecartoon.sources.pattern import Painter, read_time_code
from tests.receiver import free_port

pytestmark = pytest.mark.slow
INFO = VideoInfo(320, 180, Fraction(1, 30), Fraction(30), is_live=True)


class Broadcast:
    """Sends the drawn card to `url` in real time until told to stop."""

    def __init__(self, url: str) -> None:
        self._url, self._stop = url, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        painter = Painter(320, 180)
        with StreamSink(self._url, INFO) as sink:
            index = 0
            while not self._stop.wait(1 / 30):
                pixels = painter.paint(index, index / 30, int(time.monotonic() * 1000))
                sink.write(Frame(pixels, index, INFO.time_base))
                index += 1

    def __enter__(self) -> Broadcast:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join(10)


def test_network_camera_is_read_without_delay_and_lost_when_it_goes_silent(monkeypatch):
    monkeypatch.setattr(camera_module, "NETWORK_TIMEOUT_S", (15.0, 1.0))
    url = f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    states: list[str] = []
    ages_ms: list[int] = []

    def watch() -> None:
        for count, frame in enumerate(source):
            code = read_time_code(frame.pixels)
            assert code is not None
            assert frame.captured_s is not None
            ages_ms.append((int(frame.captured_s * 1000) - code[1]) % 65536)
            if count == 60:
                broadcast.stop()

    with (
        Broadcast(url) as broadcast,
        CameraSource(url, reconnect_s=0.0, on_state=states.append) as source,
        pytest.raises(DeviceError) as caught,
    ):
        watch()
    assert caught.value.code == "E804"
    assert len(states) == 1
    assert sorted(ages_ms[20:])[len(ages_ms[20:]) // 2] < 150
