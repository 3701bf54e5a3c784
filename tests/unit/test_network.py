"""Cameras in the network that do not answer: what the user is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import av
import pytest

from livecartoon.errors import DeviceError
from livecartoon.sources import camera as camera_module
from livecartoon.sources.camera import CameraSource
from livecartoon.sources.network import unreachable
from tests.receiver import free_port


def refusal(url: str) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        CameraSource(url)
    assert "livecartoon devices" not in caught.value.remedies  # they are this machine's
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.fixture
def answering() -> Iterator[str]:
    """An address whose server answers /401, /403, /404 with that number, else with text."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = self.path[1:4]
            self.send_response(int(number) if number.isdecimal() else 200)
            self.send_header("Content-Length", "15")
            self.end_headers()
            self.wfile.write(b"no video at all")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("scheme", ["rtsp", "http", "rtmp"])
def test_network_camera_when_nobody_listens_then_e801_asks_for_address_and_power(scheme):
    error = refusal(f"{scheme}://me:secret@127.0.0.1:{free_port()}/live/card")
    assert error.code == "E801"
    assert "Connection refused" in error.message
    assert error.remedies[0].startswith("check address, port and path")


@pytest.mark.parametrize(("number", "code"), [(401, "E803"), (403, "E803"), (404, "E801")])
def test_network_camera_when_it_refuses_then_is_told_apart(answering, number, code):
    error = refusal(f"http://{answering}/{number}?key=secret")
    assert error.code == code
    words = {"E803": "USER:PASSWORD@", "E801": "names the path"}
    assert words[code] in error.remedies[0]


def test_network_camera_when_it_sends_no_video_then_says_so(answering):
    error = refusal(f"http://{answering}/card")
    assert (error.code, error.message.rpartition(": ")[2]) == ("E801", "no video comes from it")


def test_network_camera_when_nothing_is_sent_to_its_port_then_names_the_port(monkeypatch):
    monkeypatch.setattr(camera_module, "NETWORK_TIMEOUT_S", (0.2, 0.2))
    port = free_port(socket.SOCK_DGRAM)
    error = refusal(f"udp://127.0.0.1:{port}?listen=secret")
    assert error.code == "E801"
    assert f"UDP port {port}" in error.remedies[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (av.error.ExitError(1, "Immediate exit requested"), "no answer within 10 s"),
        (av.error.OSError(5, "Input/output error"), "this name is unknown"),
        (None, "it has no picture"),
    ],
)
def test_network_camera_when_the_library_tells_of_its_insides_then_in_words(error, words):
    assert words in unreachable("rtsp://10.0.0.9/live", error).message
