"""The screen, or a part of it, as a live source."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from livecartoon.errors import DeviceError, UsageError
from livecartoon.frame import Frame
from livecartoon.sources.base import Source, VideoInfo

SCREEN_TEXT = re.compile(
    r"screen:(?:(?P<w>\d{2,5})x(?P<h>\d{2,5})\+(?P<x>\d{1,5})\+(?P<y>\d{1,5}))?"
)
TIME_BASE = Fraction(1, 1_000_000)


class ScreenSource(Source):
    """`screen:` is the first screen, `screen:WxH+X+Y` a part, in its own pixels.

    The thread that iterates does the capturing; `stop` ends it from another one.
    """

    def __init__(self, text: str = "screen:", rate: Fraction = Fraction(30)) -> None:
        match = SCREEN_TEXT.fullmatch(text)
        if match is None:
            raise UsageError("E201", f"no screen like {text!r}", "screen: or screen:1280x720+0+0")
        with _grabber() as grabber:
            whole = grabber.monitors[min(1, len(grabber.monitors) - 1)]
        self._area = {key: int(whole[key]) for key in ("left", "top", "width", "height")}
        if match["w"]:
            self._area = _part(self._area, *(int(match[key]) for key in "whxy"))
        self._rate = rate
        self._is_stopped = False
        self._reformatter = VideoReformatter()
        self.info = VideoInfo(
            self._area["width"], self._area["height"], TIME_BASE, rate, is_live=True, codec="screen"
        )

    def __iter__(self) -> Iterator[Frame]:
        """Yield the screen at the asked rate, or as fast as it can be read."""
        start_s = due_s = time.monotonic()
        last_pts = -1
        with _grabber() as grabber:
            while not self._is_stopped:
                time.sleep(max(0.0, due_s - time.monotonic()))
                captured_s = time.monotonic()
                due_s = max(due_s + float(1 / self._rate), captured_s)
                shot = _grab(grabber, self._area)
                last_pts = max(last_pts + 1, round((captured_s - start_s) / TIME_BASE))
                yield Frame(self._rgb(shot), last_pts, TIME_BASE, 0, captured_s)

    def _rgb(self, shot: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:  # noqa: ANN401  mss's own
        bgra = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
        picture = av.VideoFrame.from_ndarray(bgra, format="bgra")
        rgb = self._reformatter.reformat(
            picture, self.info.width, self.info.height, "rgb24", threads=1
        )
        return np.ascontiguousarray(rgb.to_ndarray(), dtype=np.uint8)

    def stop(self) -> None:
        """End the iteration after the next picture, from any thread."""
        self._is_stopped = True

    def close(self) -> None:
        """Stop."""
        self._is_stopped = True


def _part(whole: dict[str, int], width: int, height: int, x: int, y: int) -> dict[str, int]:
    if x + width > whole["width"] or y + height > whole["height"]:
        raise UsageError(
            "E201",
            f"{width}x{height}+{x}+{y} is not within the screen",
            f"the screen has {whole['width']}x{whole['height']}",
        )
    return {"left": whole["left"] + x, "top": whole["top"] + y, "width": width, "height": height}


def _grabber() -> Any:  # noqa: ANN401  mss's class depends on the system
    try:
        from mss import MSS
    except ImportError as error:
        raise DeviceError("E801", "mss is not installed", "pip install mss") from error
    from mss.exception import ScreenShotError

    try:
        return MSS()
    except ScreenShotError as error:
        raise _no_screen(error) from error


def _grab(grabber: Any, area: dict[str, int]) -> Any:  # noqa: ANN401
    from mss.exception import ScreenShotError

    try:
        return grabber.grab(area)
    except ScreenShotError as error:
        raise _no_screen(error) from error


def _no_screen(error: Exception) -> DeviceError:
    return DeviceError(
        "E801",
        f"the screen cannot be captured: {error}",
        "allow this terminal to record the screen; on Wayland start it in an X session",
        "--camera pattern:",
    )
