"""Pictures that a browser sends: its own camera."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import av.video.frame
import numpy as np
from av.video.reformatter import VideoReformatter

from livecartoon.frame import Frame, Pixels
from livecartoon.slot import Slot, SlotClosed
from livecartoon.sources.base import Source, VideoInfo

TIME_BASE = Fraction(1, 1_000_000)
POLL_S = 0.2


class BrowserSource(Source):
    """Frames of one size, whatever the browser sends: fitted, centred on black.

    `push` comes from the server's thread; the newest picture wins.
    """

    def __init__(self, width: int, height: int, rate: Fraction = Fraction(30)) -> None:
        self.info = VideoInfo(width, height, TIME_BASE, rate, is_live=True, codec="webrtc")
        self._slot: Slot[tuple[av.video.frame.VideoFrame, float]] = Slot()
        self._reformatter = VideoReformatter()
        self._start_s = time.monotonic()

    def push(self, picture: av.video.frame.VideoFrame) -> None:
        """Take one decoded picture of the browser, stamped now."""
        self._slot.put((picture, time.monotonic()))

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until `stop`, however long the browser stays away."""
        last_pts = -1
        with suppress(SlotClosed):
            while True:
                taken = self._slot.get(POLL_S)
                if taken is None:
                    continue
                last_pts = max(last_pts + 1, round((taken[1] - self._start_s) / TIME_BASE))
                yield Frame(self._fitted(taken[0]), last_pts, TIME_BASE, 0, taken[1])

    def _fitted(self, picture: av.video.frame.VideoFrame) -> Pixels:
        scale = min(self.info.width / picture.width, self.info.height / picture.height)
        width = max(2, min(self.info.width, 2 * round(picture.width * scale / 2)))
        height = max(2, min(self.info.height, 2 * round(picture.height * scale / 2)))
        rgb = self._reformatter.reformat(picture, width, height, "rgb24", threads=1).to_ndarray()
        if rgb.shape[:2] == (self.info.height, self.info.width):
            return np.ascontiguousarray(rgb, dtype=np.uint8)
        canvas = np.zeros((self.info.height, self.info.width, 3), np.uint8)
        top, left = (self.info.height - height) // 2, (self.info.width - width) // 2
        canvas[top : top + height, left : left + width] = rgb
        return canvas

    def stop(self) -> None:
        """End the iteration, from any thread."""
        self._slot.close()

    def close(self) -> None:
        """Stop."""
        self._slot.close()
