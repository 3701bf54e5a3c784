"""The live picture for browsers: a presenter whose window is a page."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from livecartoon.frame import Pixels
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sinks.presenter import Scene

TIME_BASE = Fraction(1, 90_000)
BT601 = 5
"""What browsers assume of VP8."""
MOST_KEYS = 64
JPEG = Path("picture.jpg")


class WebPresenter:
    """Keeps the newest picture for the server's thread and the keys that come back from it.

    `on_picture` is called from the main thread after each one.
    """

    def __init__(self) -> None:
        self.on_picture: Callable[[], None] = lambda: None
        self._newest: Pixels | None = None
        self._panel: tuple[str, ...] = ()
        self._keys: deque[str] = deque(maxlen=MOST_KEYS)
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """True after `close`."""
        return self._is_closed

    @property
    def panel(self) -> str:
        """What the middle of the picture says, one line."""
        return " ".join(self._panel)

    @property
    def newest(self) -> Pixels | None:
        """The picture to show, RGB; never written to again."""
        return self._newest

    def show(self, scene: Scene) -> None:
        """Make `scene` the newest picture; mirroring and full screen are the page's affair."""
        result = scene.source if scene.is_original else scene.styled
        if scene.compare != "off":
            half = result.shape[1] // 2
            result = np.concatenate([scene.source[:, :half], scene.styled[:, half:]], axis=1)
        self._newest, self._panel = result, scene.panel
        self.on_picture()

    def press(self, key: str) -> None:
        """Queue a key or a setting, from any thread."""
        self._keys.append(key)

    def pressed(self) -> list[str]:
        """Return what was queued."""
        return [self._keys.popleft() for _ in range(len(self._keys))]

    def close(self) -> None:
        """Forget the picture."""
        self._is_closed = True
        self._newest = None


class VideoFrames:
    """Turns RGB pictures into frames for a video track, stamped from its start."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._start_s = time.monotonic()

    def __call__(self, pixels: Pixels) -> av.VideoFrame:
        """Return yuv420p, sides cut to even numbers."""
        height, width = (side - side % 2 for side in pixels.shape[:2])
        rgb = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(pixels[:height, :width]), format="rgb24"
        )
        frame = self._reformatter.reformat(
            rgb,
            format="yuv420p",
            src_colorspace=BT601,
            dst_colorspace=BT601,
            src_color_range=2,
            dst_color_range=1,
            threads=1,
        )
        frame.pts = round((time.monotonic() - self._start_s) / TIME_BASE)
        frame.time_base = TIME_BASE
        return frame


def jpeg(pixels: Pixels) -> bytes:
    """Return `pixels` as a JPEG file."""
    return encode_picture(JPEG, pixels, quality=85)
