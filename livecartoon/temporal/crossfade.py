"""From one style to the next without a jump where nothing moves, without a ghost where it does."""

from __future__ import annotations

import cv2
import numpy as np

from livecartoon.frame import Pixels
from livecartoon.temporal.gate import Gate
from livecartoon.temporal.planes import Planes
from livecartoon.temporal.scenecut import compare, thumbnail

FADE_S = 0.3
_NOISE = 1.0
"""Levels, luma and chroma, that a resting source may differ by: what a webcam's grain leaves."""


class Crossfade:
    """Fades the last picture of the old style into the new one's, each pixel until it moves.

    A plain mix would show everything that moves twice, where it was and where it is. What has
    moved since the switch is the new style's at once and for good.
    """

    def __init__(self, source: Pixels, shown: Pixels, start_s: float) -> None:
        """`source` and `shown`: the last frame of the old style; `start_s` on any clock."""
        self._planes = Planes(*source.shape[:2])
        height, width = self._planes.height, self._planes.width
        self._then, self._now = np.empty((2, 3, height, width), np.float32)
        self._planes.fill(source, self._then)
        self._shown, self._start_s = shown, start_s
        self._gate = Gate(height, width)
        self._noise = np.full((height, width), _NOISE, np.float32)
        self._opening = np.empty_like(self._noise)
        self._kept = np.ones_like(self._noise)
        # Taken anew for each frame, these would cost as much as the mixing.
        self._share, self._rest = np.empty((2, *source.shape[:2]), np.float32)
        self._is_cut = False

    def is_over(self, now_s: float) -> bool:
        """Whether nothing of the old picture is left."""
        return self._is_cut or now_s - self._start_s >= FADE_S

    def __call__(self, source: Pixels, styled: Pixels, now_s: float) -> Pixels:
        """Return the mix for `styled`, made from `source`; `styled` itself when it is over."""
        if self.is_over(now_s) or styled.shape != self._shown.shape:
            self._is_cut = True
            return styled
        self._planes.fill(source, self._now)
        if compare(thumbnail(self._now[0]), thumbnail(self._then[0])).is_break:
            self._is_cut = True
            return styled
        self._now -= self._then
        self._gate.fill(self._now, self._noise, _NOISE, self._opening)
        np.minimum(self._kept, 1 - self._opening, out=self._kept)
        return self._mixed(styled, now_s)

    def _mixed(self, styled: Pixels, now_s: float) -> Pixels:
        t = min(max((now_s - self._start_s) / FADE_S, 0.0), 1.0)
        height, width = styled.shape[:2]
        np.multiply(self._kept, 1 - t * t * (3 - 2 * t), out=self._opening)
        cv2.resize(self._opening, (width, height), dst=self._share)
        np.subtract(1, self._share, out=self._rest)
        mixed = cv2.blendLinear(self._shown, styled, self._share, self._rest)
        return np.asarray(mixed, dtype=np.uint8)
