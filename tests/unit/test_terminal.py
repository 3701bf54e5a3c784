from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from livecartoon.jobs.live.terminal import TerminalKeys, key_names


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"q", ["q"]),
        (b"]]K", ["]", "]", "k"]),
        (b"\x1b", ["esc"]),
        (b"\x1b[C", ["right"]),
        (b"\x1b[15~", []),
        (b"\x00\xff\n", []),
        (b"", []),
    ],
)
def test_key_names_of_terminal_bytes(data, names):
    assert key_names(data) == names


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_terminal_keys_are_read_at_once_and_the_mode_is_restored():
    import termios

    main, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    with TerminalKeys(terminal) as keys:
        assert keys.pressed() == []
        os.write(main, b"s")
        end_s = time.monotonic() + 5
        found: list[str] = []
        while not found and time.monotonic() < end_s:
            found = keys.pressed()
        assert found == ["s"]
        assert not termios.tcgetattr(terminal)[3] & termios.ECHO
    assert termios.tcgetattr(terminal)[3] == before[3]
    os.close(main)
    os.close(terminal)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX")
def test_terminal_that_hangs_up_is_left_alone():
    main, terminal = os.openpty()
    with TerminalKeys(terminal) as keys:
        os.close(main)
        assert keys.pressed() == []
        assert keys.pressed() == []
    os.close(terminal)


def test_terminal_keys_without_a_terminal_do_nothing(monkeypatch):
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with TerminalKeys() as keys:
            assert keys.pressed() == []
