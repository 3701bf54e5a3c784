from __future__ import annotations

import socket
import sys
import threading

import pytest

from livecartoon.errors import DeviceError
from livecartoon.sinks.display import display_problem
from livecartoon.sinks.window import WindowSink, check_window_support

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="X displays are Linux's")


def test_display_when_not_set_is_a_problem(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "DISPLAY is not set" in str(display_problem())


def test_display_when_only_wayland_asks_for_xwayland(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "XWayland" in str(display_problem())


@pytest.mark.parametrize("text", ["nonsense", ":65000", "localhost:59000"])
def test_display_that_does_not_answer_is_a_problem(monkeypatch, text):
    monkeypatch.setenv("DISPLAY", text)
    assert text in str(display_problem())


def test_display_that_answers_is_no_problem(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(12)
                connection.sendall(b"\1")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setenv("DISPLAY", f"127.0.0.1:{number}")
        assert display_problem() is None
        thread.join()


def test_window_without_a_display_raises_instead_of_aborting(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for make in (check_window_support, WindowSink):
        with pytest.raises(DeviceError) as caught:
            make()
        assert caught.value.code == "E807"
        assert any("livecartoon serve" in remedy for remedy in caught.value.remedies)
