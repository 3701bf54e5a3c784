"""One picture on its way through the program."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Frame:
    """RGB uint8 pixels (H, W, 3), C-contiguous, with the time its source gave it."""

    pixels: Pixels
    pts: int
    """Presentation time in units of `time_base`."""
    time_base: Fraction
    """Seconds per unit of `pts`."""
    duration: int = 0
    """Shown for that many units of `time_base`; 0 = the source does not say."""
    captured_s: float | None = None
    """`time.monotonic()` at capture, live sources only."""

    origin: object | None = None
    """The decoder's own picture, only where it is to be written again unchanged (strength 0):
    a sink that knows its kind takes it instead of the pixels, which have passed through RGB."""

    @property
    def seconds(self) -> float:
        """Presentation time in seconds."""
        return float(self.pts * self.time_base)

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])
