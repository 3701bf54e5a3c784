"""Steadiness of clips without a known truth: flow and masks come from the source alone.

Definitions follow Lai et al. 2018 (warping error, occlusion) and, for ghosts, an instrument: the
change of the source, which the style's own flicker cannot imitate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.frame import Pixels

Floats: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

SKIP = 6
"""Pairs at the start of a clip that no figure counts: the filters have not settled."""
_LEAST_VALID = 0.3
"""A pair of which less can be tracked is a cut."""
_CHANGED, _STILL = 8.0, 2.0
"""Levels by which the smoothed source must differ to have moved, may differ to have rested."""
_REST_FRAMES = 3
_TRAIL_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Track:
    """What is known about one pair of neighbouring source frames."""

    places: Floats
    """(H, W, 2): where each pixel of the later frame was, x and y in the earlier."""
    valid: Mask
    """(H, W): visible in both."""
    change: Floats
    """(H, W, 3): earlier minus later, smoothed over 5x5 so that noise does not count."""
    still: Mask
    """(H, W): at rest for the last frames."""
    speed: float
    """Median length of the flow, pixels."""

    @property
    def is_cut(self) -> bool:
        """Whether the pair has too little in common."""
        return float(self.valid.mean()) < _LEAST_VALID


@dataclass(frozen=True, slots=True)
class ClipScores:
    """How a filter did on one clip; `drawn` is what the style gave without it."""

    r_e: float
    """Warp error relative to the drawn frames: 0 = steady, 1 = as drawn."""
    floor: float
    """The same of the source itself: real change, and what the flow gets wrong."""
    rest: float
    """As `r_e`, where the source rests, without any flow."""
    ghost: float
    """Share of the previous source picture that the filter added where the source changed."""
    trail: float
    """Share still shown of what was there one to three frames ago and is gone."""
    sharp: float
    """Slope on the source's edges relative to the drawn frames."""
    flick: float
    """Mean change of luma where the source rests, levels."""
    flick_drawn: float
    """The same of the drawn frames."""
    flick_source: float
    """The same of the source itself."""


def track(frames: Sequence[Pixels]) -> list[Track]:
    """Follow the motion through `frames`; entry t is about frames t and t + 1."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    gray = [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8) for frame in frames]
    tracks: list[Track] = []
    resting: list[Mask] = []
    for t in range(1, len(frames)):
        empty = np.zeros((*gray[t].shape, 2), np.float32)
        backward = np.asarray(search.calc(gray[t], gray[t - 1], empty), dtype=np.float32)
        forward = np.asarray(search.calc(gray[t - 1], gray[t], empty.copy()), dtype=np.float32)
        places = backward + _grid(*gray[t].shape)
        change = _smooth(frames[t - 1]) - _smooth(frames[t])
        resting = [*resting[1 - _REST_FRAMES :], np.abs(change).max(2) < _STILL]
        tracks.append(
            Track(
                places,
                _valid(backward, forward, places),
                change,
                _opened(np.logical_and.reduce(resting)),
                float(np.median(np.hypot(backward[..., 0], backward[..., 1]))),
            )
        )
    return tracks


def score(
    tracks: Sequence[Track],
    source: Sequence[Pixels],
    drawn: Sequence[Pixels],
    shown: Sequence[Pixels],
) -> ClipScores:
    """Measure `shown` beside `drawn`; `tracks` may be those of a cleaner source."""
    sums = _Sums()
    for t in range(SKIP, len(tracks)):
        pair = tracks[t]
        if not pair.is_cut:
            sums.add_warp(pair, (shown, drawn, source), t)
            sums.add_ghost(pair, shown[t + 1], drawn[t : t + 2])
            sums.add_trail(tracks[t + 1 - _TRAIL_FRAMES : t + 1], drawn[: t + 2], shown[t + 1])
            sums.add_edges(source[t + 1], drawn[t + 1], shown[t + 1])
            sums.add_flicker(pair.still, (shown, drawn, source), t)
    return sums.scores()


class _Sums:
    def __init__(self) -> None:
        self.ghost, self.trail, self.edges = np.zeros((3, 2))
        self.warp, self.flicker, self.energy = np.zeros((3, 3))
        """Of what was shown, of what was drawn, of the source."""
        self.still = 0

    def add_warp(self, pair: Track, clips: Sequence[Sequence[Pixels]], t: int) -> None:
        for index, clip in enumerate(clips):
            error = np.square(_f(clip[t + 1]) - _fetch(_f(clip[t]), pair.places))[pair.valid]
            self.warp[index] += float(error.sum()) / max(int(pair.valid.sum()), 1)

    def add_ghost(self, pair: Track, shown: Pixels, drawn: Sequence[Pixels]) -> None:
        moved = np.abs(pair.change).max(2) > _CHANGED
        change = pair.change[moved]
        self.ghost[0] += float(((_f(shown) - _f(drawn[1]))[moved] * change).sum())
        self.ghost[1] += float(((_f(drawn[0]) - _f(drawn[1]))[moved] * change).sum())

    def add_trail(self, recent: Sequence[Track], drawn: Sequence[Pixels], shown: Pixels) -> None:
        """Project what the filter added on what was there k frames ago and has left since."""
        added = _f(shown) - _f(drawn[-1])
        for k in range(1, len(recent) + 1):
            left = np.abs(recent[-k].change).max(2) > 3 * _CHANGED
            for later in recent[len(recent) - k + 1 :]:
                left &= np.abs(later.change).max(2) < _CHANGED
            was = (_f(drawn[-1 - k]) - _f(drawn[-1]))[left]
            self.trail += float((added[left] * was).sum()), float(np.square(was).sum())

    def add_edges(self, source: Pixels, drawn: Pixels, shown: Pixels) -> None:
        slope = _slope(source)
        strong = slope > np.percentile(slope, 95)
        self.edges += float(_slope(shown)[strong].sum()), float(_slope(drawn)[strong].sum())

    def add_flicker(self, still: Mask, clips: Sequence[Sequence[Pixels]], t: int) -> None:
        if not still.any():
            return
        self.still += int(still.sum())
        for index, clip in enumerate(clips):
            change = (_luma(clip[t + 1]) - _luma(clip[t]))[still]
            self.flicker[index] += float(np.abs(change).sum())
            self.energy[index] += float(np.square(change).sum())

    def scores(self) -> ClipScores:
        flick, drawn, source = (float(v) / self.still if self.still else 0.0 for v in self.flicker)
        return ClipScores(
            r_e=_ratio(self.warp[0], self.warp[1]),
            floor=_ratio(self.warp[2], self.warp[1]),
            rest=_ratio(self.energy[0], self.energy[1]),
            ghost=_ratio(self.ghost[0], self.ghost[1]),
            trail=_ratio(self.trail[0], self.trail[1]),
            sharp=_ratio(self.edges[0], self.edges[1]),
            flick=flick,
            flick_drawn=drawn,
            flick_source=source,
        )


def _valid(backward: Floats, forward: Floats, places: Floats) -> Mask:
    """Where the flow there and back agree and no edge of motion runs; squared magnitudes."""
    height, width = backward.shape[:2]
    back = np.square(backward).sum(2)
    there = _fetch(forward, places, cv2.INTER_LINEAR)
    is_occluded = np.square(backward + there).sum(2) > 0.01 * (back + np.square(there).sum(2)) + 0.5
    bend = sum(
        np.square(np.diff(backward, axis=axis, append=backward.take([-1], axis))).sum(2)
        for axis in (0, 1)
    )
    x, y = places[..., 0], places[..., 1]
    is_inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return np.asarray(is_inside & ~is_occluded & (bend <= 0.01 * back + 0.002), dtype=np.bool_)


def _fetch(picture: Floats, places: Floats, interpolation: int = cv2.INTER_CUBIC) -> Floats:
    moved = cv2.remap(
        picture, places[..., 0], places[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, dtype=np.float32)


def _grid(height: int, width: int) -> Floats:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([x, y], axis=-1)


def _smooth(picture: Pixels) -> Floats:
    return np.asarray(cv2.boxFilter(picture, cv2.CV_32F, (5, 5)), dtype=np.float32)


def _opened(mask: Mask) -> Mask:
    kernel = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0)


def _slope(picture: Pixels) -> Floats:
    gray = _luma(picture)
    return np.hypot(
        np.asarray(cv2.Sobel(gray, cv2.CV_32F, 1, 0), dtype=np.float32),
        np.asarray(cv2.Sobel(gray, cv2.CV_32F, 0, 1), dtype=np.float32),
    )


def _luma(picture: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(_f(picture), cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _f(picture: Pixels) -> Floats:
    return picture.astype(np.float32)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
