"""When to forget the past: cuts, flashes, jumps in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from livecartoon.temporal.planes import Floats

MAX_GAP_S = 0.5
"""Frames further apart than this have too little in common."""
_THUMBNAIL = (64, 36)


def thumbnail(luma: Floats) -> Floats:
    """Return luma (h, w) reduced to 36 rows of 64."""
    return np.asarray(cv2.resize(luma, _THUMBNAIL, interpolation=cv2.INTER_AREA), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Change:
    """How far two thumbnails differ, in levels."""

    mean_difference: float
    """Mean absolute difference."""
    correlation: float
    """Of the mean-free thumbnails: 1 = the same picture, about 0 = another."""
    step: float
    """Difference of the mean luma."""
    mean: float
    """Mean luma before."""

    @property
    def is_break(self) -> bool:
        """Whether the picture is another one, or jumped in brightness as in a flash.

        Leans towards yes: a false break costs 0.2 s of steadiness, nothing else. Correlation
        also finds cuts between dim scenes, where a fixed difference found none of three.
        """
        is_cut = self.mean_difference > 4 and self.correlation < 0.5
        return is_cut or self.step > 6 + 0.12 * self.mean


def compare(now: Floats, before: Floats) -> Change:
    """Measure the change between two thumbnails."""
    mean_now, mean = float(now.mean()), float(before.mean())
    a, b = now - mean_now, before - mean
    energy = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return Change(
        mean_difference=float(np.abs(now - before).mean()),
        correlation=float(np.vdot(a, b)) / math.sqrt(energy + 1e-3),
        step=abs(mean_now - mean),
        mean=mean,
    )


class SceneCut:
    """Watches one stream for breaks."""

    def __init__(self) -> None:
        self._before: Floats | None = None
        self._seconds = 0.0

    def step(self, thumbnail_now: Floats, seconds: float) -> float | None:
        """Return the seconds since the last frame, or None when the past is to be forgotten."""
        before, elapsed = self._before, seconds - self._seconds
        self._before, self._seconds = thumbnail_now, seconds
        if before is None or not 0 < elapsed <= MAX_GAP_S:
            return None
        return None if compare(thumbnail_now, before).is_break else elapsed

    def reset(self) -> None:
        """Forget the past: the next frame is a break."""
        self._before = None
