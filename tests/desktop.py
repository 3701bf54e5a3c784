"""A display without a screen, real key presses, and a look at what is shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from mss import MSS

from livecartoon.frame import Pixels

TOOLS = ("Xvfb", "xdotool", "openbox")
#: Windows without frames, in the corner of the screen.
BARE = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application class="*">
<decor>no</decor><position force="yes"><x>0</x><y>0</y></position>
</application></applications>
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard></openbox_config>
"""


def missing_tools() -> list[str]:
    """Return the programs a desktop needs and this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


class Desktop:
    """A running X server; presses keys and reads the screen like a person would."""

    def __init__(self, display: str) -> None:
        self.environment = os.environ | {"DISPLAY": display}
        self._display = display

    def do(self, *words: str) -> str:
        """Run one xdotool command; return what it says."""
        done = subprocess.run(
            ["xdotool", *words], env=self.environment, capture_output=True, text=True,
            timeout=20, check=False,
        )  # fmt: skip
        return done.stdout.strip()

    def window(self, name: str, timeout_s: float = 60) -> str:
        """Wait for the window called `name`, give it the keyboard, return its id."""
        end_s = time.monotonic() + timeout_s
        while not (found := self.do("search", "--name", f"^{name}$")):
            assert time.monotonic() < end_s, f"no window {name}"
            time.sleep(0.1)
        window = found.splitlines()[0]
        self.do("windowfocus", "--sync", window)
        return window

    @contextmanager
    def managed(self) -> Iterator[None]:
        """Run a window manager for the body of the `with`; one that ends at once starts again.

        Without one Qt loses the first events of one window in five, the news that it is mapped
        among them (QT_LOGGING_RULES="qt.qpa.events=true" shows it), and never paints it.
        """
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "rc.xml")
            config.write_text(BARE, encoding="utf-8")
            for _ in range(10):
                manager = subprocess.Popen(
                    ["openbox", "--config-file", str(config)],
                    env=self.environment, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                try:
                    manager.wait(1.0)
                except subprocess.TimeoutExpired:
                    break
            try:
                yield
            finally:
                manager.kill()
                manager.wait(10)

    def look(self) -> Pixels:
        """Return the screen, RGB."""
        with MSS(display=self._display) as screen:
            shot = screen.grab(screen.monitors[0])
            return np.asarray(shot, np.uint8)[:, :, 2::-1].copy()


@contextmanager
def desktop(width: int = 800, height: int = 480) -> Iterator[Desktop]:
    """Run an X server without a screen for the body of the `with`."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
         "-nolisten", "tcp", "-noreset"],
        pass_fds=(writing,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            yield Desktop(f":{answer.readline().strip()}")
    finally:
        server.terminate()
        server.wait(10)
