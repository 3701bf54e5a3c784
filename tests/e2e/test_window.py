"""The window under a real X server, with real key and mouse events."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.desktop import Desktop, desktop, missing_tools

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_tools()), reason=f"not installed: {missing_tools()}"),
]
WIDTH, HEIGHT = 640, 360
LIMIT_S, PATIENCE_S = 120.0, 8.0


class Cam:
    """`livecartoon cam` on the drawn card in a window."""

    def __init__(self, screen: Desktop, folder: Path, *options: str) -> None:
        self.screen = screen
        self.process = subprocess.Popen(
            [sys.executable, "-m", "livecartoon", "cam", "-s", "classic", "--json",
             "--camera", f"pattern:{WIDTH}x{HEIGHT}@10", "--size", f"{WIDTH}x{HEIGHT}",
             "--snapshot-dir", str(folder), *options],
            env=screen.environment, cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.window = screen.window("livecartoon")

    def press(self, *keys: str) -> None:
        """Press keys like a person, one after the other."""
        for key in keys:
            self.screen.do("key", key)
            time.sleep(0.15)

    def insist(self, key: str, is_so: Callable[[], bool], what: str) -> None:
        """Press a key until it does what it should: a busy machine loses one now and then."""
        end_s = time.monotonic() + LIMIT_S
        while True:
            self.press(key)
            pressed_s = time.monotonic()
            while time.monotonic() < pressed_s + PATIENCE_S:
                if is_so():
                    return
                time.sleep(0.1)
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end_s, f"{key}: never seen: {what}"

    def until(self, is_so: Callable[[], bool], what: str, timeout_s: float = LIMIT_S) -> None:
        """Wait until the screen shows it."""
        end_s = time.monotonic() + timeout_s
        while not is_so():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end_s, f"never seen: {what}"
            time.sleep(0.1)

    def ended(self) -> dict:
        """Wait for the end; return the JSON document."""
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, err
        return json.loads(out)


@pytest.fixture
def screen():
    with desktop() as running, running.managed():
        yield running


@pytest.fixture
def start(screen, tmp_path):
    started: list[Cam] = []

    def run(*options: str) -> Cam:
        started.append(cam := Cam(screen, tmp_path, *options))
        cam.until(lambda: screen.look().std() > 20, "a picture in the window")
        return cam

    yield run
    for cam in started:
        cam.process.kill()
        cam.process.communicate()


def text_rows(picture) -> int:
    """Rows in the upper left that hold pure white: text of the HUD."""
    return int((picture[:200, :300] == 255).all(axis=2).any(axis=1).sum())


def is_dark_in_the_middle(picture) -> bool:
    return picture[100:260, 200:400].mean() < 70


def test_window_keys_change_what_is_seen_and_q_ends_it(start, screen, tmp_path):
    cam = start()
    few = text_rows(screen.look())
    cam.insist("h", lambda: text_rows(screen.look()) > few + 40, "the full text")
    cam.insist("question", lambda: is_dark_in_the_middle(screen.look()), "the help")
    cam.insist("question", lambda: not is_dark_in_the_middle(screen.look()), "the picture again")
    cam.insist("s", lambda: len(list(tmp_path.glob("*.png"))) >= 2, "result and source, saved")
    cam.insist("q", lambda: cam.process.poll() is not None, "the end")
    document = cam.ended()
    assert document["end_reason"] == "quit"
    assert sorted(document["snapshots"]) == sorted(map(str, tmp_path.glob("*.png")))


def test_window_wipe_follows_the_mouse(start, screen):
    cam = start("--hud", "off")

    def edge() -> int:
        white = (screen.look()[60:120, :WIDTH] == 255).all(axis=2).all(axis=0)
        return int(np.flatnonzero(white).mean()) if white.any() else -1

    cam.insist("c", lambda: abs(edge() - WIDTH // 2) < 12, "the edge in the middle")
    screen.do("mousemove", "--window", cam.window, "150", "100", "mousedown", "1")
    cam.until(lambda: abs(edge() - 150) < 12, "the edge where the mouse was pressed")
    screen.do("mousemove", "--window", cam.window, "420", "100")
    cam.until(lambda: abs(edge() - 420) < 12, "the edge where the mouse was dragged to")
    screen.do("mouseup", "1")
    cam.insist("Escape", lambda: cam.process.poll() is not None, "the end")
    assert cam.ended()["end_reason"] == "quit"


def test_window_closed_by_the_user_ends_the_run(start):
    cam = start()
    end_s = time.monotonic() + 60
    # The window manager may still be looking for whom to give the keyboard.
    while cam.process.poll() is None and time.monotonic() < end_s:
        cam.press("alt+F4")
        time.sleep(1.0)
    document = cam.ended()
    assert document["end_reason"] == "window-closed"
