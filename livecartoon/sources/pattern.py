"""A drawn, moving test card: a camera for machines without one, and a clock for latency.

The time code is two rows of 8x8 px cells at the bottom left, black = 0, white = 1, most
significant bit first: the frame counter above, a millisecond clock below, 16 bits each and
each led by one white and one black cell that a reader can trust.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import UsageError
from livecartoon.frame import Frame, Pixels
from livecartoon.sources.base import Source, VideoInfo

CELL = 8
BITS = 16
MARGIN = 8
CELLS = BITS + 2
MIN_WIDTH = 2 * MARGIN + CELLS * CELL
MIN_HEIGHT = 2 * MARGIN + 6 * CELL
MAX_SIDE = 8192
PAN_PX_PER_S = 60.0
BARS = (
    (255, 255, 255),
    (240, 220, 40),
    (40, 200, 220),
    (60, 180, 75),
    (200, 60, 190),
    (220, 50, 45),
    (45, 70, 200),
    (20, 20, 20),
)
PATTERN_TEXT = re.compile(
    r"(?:(?P<width>\d{1,5})x(?P<height>\d{1,5}))?(?:@(?P<rate>\d{1,6}(?:/\d{1,6}|\.\d{1,3})?))?"
    r"(?:,(?P<limit>seconds|frames)=(?P<value>\d{1,9}(?:\.\d{1,3})?))?"
)


class PatternSource(Source):
    """Draws `pattern:`; in real time when live, else as fast as it is read."""

    def __init__(
        self,
        width: int = 1280,
        height: int = 720,
        rate: Fraction = Fraction(30),
        *,
        frames: int | None = None,
        is_live: bool = False,
    ) -> None:
        if not (MIN_WIDTH <= width <= MAX_SIDE and MIN_HEIGHT <= height <= MAX_SIDE):
            raise _bad(f"{width}x{height}", f"sizes from {MIN_WIDTH}x{MIN_HEIGHT} to 8192x8192")
        if not 0 < rate <= 1000:
            raise _bad(f"@{rate}", "a rate above 0 and up to 1000")
        duration_s = None if frames is None else float(frames / rate)
        self.info = VideoInfo(
            width, height, 1 / rate, rate, frames, duration_s, is_live=is_live, codec="pattern"
        )
        self._rate = rate
        self._frames = frames
        self._painter = Painter(width, height)

    @classmethod
    def parse(
        cls,
        text: str,
        width: int = 1280,
        height: int = 720,
        rate: Fraction = Fraction(30),
        *,
        is_live: bool = False,
    ) -> PatternSource:
        """Make the source that `pattern:[WxH][@RATE][,seconds=S|,frames=N]` asks for."""
        match = PATTERN_TEXT.fullmatch(text.removeprefix("pattern:"))
        if match is None:
            raise _bad(repr(text), "pattern:1280x720@30 or pattern:640x360@25,seconds=10")
        width, height = int(match["width"] or width), int(match["height"] or height)
        try:
            rate = Fraction(match["rate"] or rate)
        except ZeroDivisionError as error:
            raise _bad(repr(text), "a rate such as 30 or 30000/1001") from error
        frames = None
        if match["limit"]:
            value = Fraction(match["value"])
            frames = round(value * rate) if match["limit"] == "seconds" else int(value)
        return cls(width, height, rate, frames=frames, is_live=is_live)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the card frame by frame; a live reader that comes late misses frames."""
        start_s = time.monotonic()
        index = 0
        while self._frames is None or index < self._frames:
            if self.info.is_live:
                wait_s = start_s + float(index / self._rate) - time.monotonic()
                if wait_s > 0:
                    time.sleep(wait_s)
            yield self._frame(index)
            index += 1
            if self.info.is_live:
                index = max(index, int((time.monotonic() - start_s) * self._rate))

    def _frame(self, index: int) -> Frame:
        seconds = float(index / self._rate)
        if not self.info.is_live:
            pixels = self._painter.paint(index, seconds, round(seconds * 1000))
            return Frame(pixels, index, self.info.time_base, 1)
        captured_s = time.monotonic()
        pixels = self._painter.paint(index, seconds, int(captured_s * 1000))
        return Frame(pixels, index, self.info.time_base, 1, captured_s)


def _bad(text: str, remedy: str) -> UsageError:
    return UsageError("E201", f"no test card like {text}", remedy)


class Painter:
    """Draws hills under an evening sky, a bouncing face, colour bars and the time code.

    The sky is the same in every column, so the whole landscape is one panorama that wraps
    round, and panning is one slice copy: 720p stays below 3 ms in NumPy.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._period = width
        self._panorama = _paint_panorama(width, height)
        self._bars = _paint_bars(width, max(16, height // 12))
        self._face, self._face_mask = _paint_face(max(16, min(width, height) // 5))

    def paint(self, index: int, seconds: float, clock_ms: int) -> Pixels:
        """Return frame `index` as it is at `seconds`, stamped with `clock_ms`."""
        pixels = np.empty((self._height, self._width, 3), np.uint8)
        left = int(seconds * PAN_PX_PER_S * self._width / 1280) % self._period
        pixels[:] = self._panorama[:, left : left + self._width]
        pixels[-self._bars.shape[0] :] = self._bars
        self._put_face(pixels, seconds)
        write_time_code(pixels, index, clock_ms)
        return pixels

    def _put_face(self, pixels: Pixels, seconds: float) -> None:
        side = self._face.shape[0]
        room_x, room_y = self._width - side, self._height - side - self._bars.shape[0]
        x = int((0.5 - 0.45 * np.cos(seconds * 0.9)) * room_x)
        y = int((1 - abs(np.sin(seconds * 2.1)) * 0.75) * max(0, room_y))
        part = pixels[y : y + side, x : x + side]
        np.copyto(part, self._face, where=self._face_mask[:, :, None])


def _paint_panorama(width: int, height: int) -> Pixels:
    """Sky, sun and three hill lines, `2 * width` columns so that every slice is whole."""
    sky = np.linspace([72.0, 118, 196], [252, 204, 156], height)
    picture = np.repeat(sky[:, None, :], width, axis=1)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    unit = min(height, 0.6 * width)  # the halo must not reach the seam
    distance = np.hypot(x - width * 0.68, y - height * 0.34) / unit
    picture += (np.clip(1 - distance / 0.5, 0, 1) ** 2)[:, :, None] * [60.0, 40, 0]
    picture[distance < 0.085] = (255, 240, 200)
    turn = x[0] / width * 2 * np.pi
    for base, swing, waves, colour in (
        (0.58, 0.07, 2, (126, 132, 170)),
        (0.70, 0.06, 3, (84, 128, 112)),
        (0.83, 0.05, 5, (52, 92, 62)),
    ):
        line = base - swing * (np.sin(turn * waves) + 0.4 * np.sin(turn * (2 * waves + 1) + base))
        picture[y > (line * height)[None, :]] = colour
    once = picture.clip(0, 255).astype(np.uint8)
    return np.concatenate([once, once], axis=1)


def _paint_bars(width: int, height: int) -> Pixels:
    """Eight colour bars over one grey ramp."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.array(BARS, np.uint8)[np.arange(width) * len(BARS) // width]
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    picture[height // 2 :] = ramp[None, :, None]
    return picture


def _paint_face(side: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """A smiling disc with an outline, and the mask of its pixels."""
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) + 0.5) / side * 2 - 1
    radius = np.hypot(x, y)
    picture = np.empty((side, side, 3), np.uint8)
    picture[:] = (255, 205, 60)
    picture[(x * 0.7 + y) > 0.45] = (240, 165, 40)
    picture[np.hypot(x + 0.35, y + 0.45) < 0.14] = (255, 240, 190)
    ink = (radius > 0.92) | (np.hypot(abs(x) - 0.32, (y + 0.12) * 0.7) < 0.1)
    ink |= (abs(np.hypot(x, y - 0.02) - 0.55) < 0.05) & (y > 0.2)
    picture[ink] = (40, 26, 20)
    return picture, radius <= 1


def write_time_code(pixels: Pixels, counter: int, clock_ms: int) -> None:
    """Draw the low 16 bits of `counter` and `clock_ms` into the bottom left of `pixels`.

    A picture without room for them gets none.
    """
    cells = np.zeros((2, CELLS), np.uint8)
    cells[:, 0] = 255
    for row, value in enumerate((counter, clock_ms)):
        for bit in range(BITS):
            cells[row, 2 + bit] = 255 * ((value >> (BITS - 1 - bit)) & 1)
    block = cells.repeat(CELL, axis=0).repeat(CELL, axis=1)
    part = _code_part(pixels)
    if part.shape[:2] == block.shape:
        part[:] = block[:, :, None]


def _code_part(pixels: Pixels) -> Pixels:
    top = max(0, pixels.shape[0] - MARGIN - 2 * CELL)
    return pixels[top : top + 2 * CELL, MARGIN : MARGIN + CELLS * CELL]


def read_time_code(pixels: Pixels) -> tuple[int, int] | None:
    """Return (frame counter, ms clock), both modulo 65536, or None if no code is readable."""
    block = _code_part(pixels)
    if block.shape[:2] != (2 * CELL, CELLS * CELL):
        return None
    cells = block.reshape(2, CELL, CELLS, CELL, 3)[:, 2:-2, :, 2:-2].mean(axis=(1, 3, 4))
    is_clear = bool(((cells < 80) | (cells > 176)).all())
    if not is_clear or (cells[:, 0] < 128).any() or (cells[:, 1] > 128).any():
        return None
    weights = 1 << np.arange(BITS - 1, -1, -1)
    counter, clock_ms = ((cells[:, 2:] > 128) * weights).sum(axis=1)
    return int(counter), int(clock_ms)
