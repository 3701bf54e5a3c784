"""Asks whether a window can be opened, without opening one.

OpenCV's Qt build aborts the whole process when there is no display, so this must be known
before the first call into HighGUI.
"""

from __future__ import annotations

import os
import re
import socket
import sys

DISPLAY_TEXT = re.compile(r"(?P<host>[^:]*):(?P<number>\d{1,5})(?:\.\d+)?")
CONNECT_TIMEOUT_S = 1.0
HELLO = b"l\0" + (11).to_bytes(2, "little") + bytes(8)
"""X11 connection setup, little-endian, without authorisation."""


def display_problem() -> str | None:
    """Say why no window can open here, or return None."""
    if not sys.platform.startswith("linux"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        if os.environ.get("WAYLAND_DISPLAY"):
            return "OpenCV's windows need X or XWayland, and DISPLAY is not set"
        return "there is no display (DISPLAY is not set)"
    match = DISPLAY_TEXT.fullmatch(display)
    if match is None:
        return f"DISPLAY={display!r} is not a display"
    if not _is_answering(match["host"], int(match["number"])):
        return f"no X server answers at DISPLAY={display}"
    return None


def _is_answering(host: str, number: int) -> bool:
    if host and host != "unix":
        return _greet(socket.AF_INET, (host, 6000 + number))
    path = f"/tmp/.X11-unix/X{number}"
    return _greet(socket.AF_UNIX, path) or _greet(socket.AF_UNIX, "\0" + path)


def _greet(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """True if an X server answers; being refused for want of a cookie is an answer too."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(address)
            connection.sendall(HELLO)
            return connection.recv(1) in (b"\0", b"\1", b"\2")
    except OSError:
        return False
