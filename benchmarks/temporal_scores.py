"""How a filter did on a drawn clip: everything is known about it, so everything can be measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.temporal_scenes import Floats, Shot, shots
from benchmarks.temporal_styles import Draw
from benchmarks.touchy_style import touchy_cartoon
from livecartoon.frame import Pixels
from livecartoon.temporal import Temporal

_LEAST_CHANGED = 1e-3
"""Share of the pixels that must really change for a ghost to be measured. In a slow fade hardly any
do: here and there a network flips a tone where the frames move by less than their noise."""
SKIP = 10
"""Frames before the filters have settled."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How a filter did on one clip."""

    r_e: float
    """Warp error relative to no filter: 0 = steady, 1 = as drawn."""
    floor: float
    """The same of the style of the noise-free frames: what moves with the picture."""
    ghost: float
    """Share of the previous picture left where the picture really changed."""
    trail: float
    """Error added to what an object has just uncovered, levels; below 0 = less error."""
    sharp: float
    """Gradient on edges relative to the style of the noise-free frames."""
    d_psnr: float
    """dB nearer to that style than without a filter."""
    harm: float
    """Error against that style, RMS levels, beyond that of the unfiltered frames."""
    flick: float
    """Mean change between neighbouring frames, levels."""
    cut: float
    """Largest deviation from the drawn frame at a cut or flash, levels."""
    contrast: float
    """Mean slope of the noise-free style relative to that of the noise-free frames."""

    @property
    def harm_per_contrast(self) -> float:
        """Harm as if the style drew slopes as steep as they were, levels.

        A blur of a tenth of a pixel costs twice the levels where lines are twice as dark.
        """
        return self.harm / max(self.contrast, 1.0)

    @property
    def removable(self) -> float:
        """Share left of the warp error that does not move with the picture."""
        return (self.r_e - self.floor) / max(1 - self.floor, 1e-3)


@dataclass(frozen=True, slots=True)
class Clip:
    """A drawn clip and its styled frames."""

    shots: list[Shot]
    styled: list[Pixels]
    truth: list[Pixels]
    """The style of the noise-free frames."""
    sums: Mapping[str, float]
    """What does not depend on a filter, over the frames from SKIP on."""


def make_clip(
    case: str,
    count: int,
    width: int,
    height: int,
    fps: float = 30.0,
    draw: Draw = touchy_cartoon,
) -> Clip:
    """Draw and style `count` frames of a case; a dissolve is six frames longer."""
    if case == "dissolve":
        count += 6
    drawn = list(shots(case, count, width, height, fps))
    styled = [draw(shot.source) for shot in drawn]
    truth = [draw(shot.clean) for shot in drawn]
    sums: dict[str, float] = defaultdict(float)
    for t in range(SKIP, len(drawn)):
        _add_unfiltered(sums, drawn[t], styled[t - 1 : t + 1], truth[t - 1 : t + 1])
    return Clip(drawn, styled, truth, sums)


def steady(clip: Clip, filter_: Temporal) -> list[Pixels]:
    """Return what the filter shows."""
    pairs = zip(clip.shots, clip.styled, strict=True)
    return [filter_(shot.source, styled, shot.seconds) for shot, styled in pairs]


def score(clip: Clip, shown: Sequence[Pixels]) -> Scores:
    """Measure `shown` against the clip's truth, from frame SKIP on."""
    sums: dict[str, float] = defaultdict(float, clip.sums)
    for t in range(SKIP, len(shown)):
        _add_frame(sums, clip, shown, t)
    count = len(shown) - SKIP
    error, error_off = sums["error"], sums["error_off"]
    return Scores(
        r_e=_ratio(sums["warp"], sums["warp_off"]),
        floor=_ratio(sums["warp_true"], sums["warp_off"]),
        ghost=_ratio(sums["ghost"], sums["changed"] * (sums["pixels"] > _LEAST_CHANGED * count)),
        trail=_ratio(sums["trail"], sums["area"]),
        sharp=_ratio(sums["edges"], sums["edges_true"]),
        d_psnr=10 * math.log10((error_off + 1e-9) / (error + 1e-9)),
        harm=math.sqrt(error / count) - math.sqrt(error_off / count),
        flick=sums["flick"] / count,
        cut=sums["cut"],
        contrast=_ratio(sums["slope_true"], sums["slope_clean"]),
    )


def _add_unfiltered(
    sums: dict[str, float], shot: Shot, styled: Sequence[Pixels], truth: Sequence[Pixels]
) -> None:
    """Add what a frame and the one before it are without a filter."""
    now, then = _f(truth[1]), _f(truth[0])
    if shot.flow is not None and not shot.is_event:
        sums["warp_off"] += _warp_error(shot, _f(styled[1]), styled[0])
        sums["warp_true"] += _warp_error(shot, now, truth[0])
    changed = _changed(then - now)
    sums["changed"] += float(np.square(then - now)[changed].sum())
    sums["pixels"] += float(changed.mean())
    if shot.uncovered is not None:
        sums["area"] += float(shot.uncovered.sum())
    slope = _slope(now)
    sums["edges_true"] += float(slope[_is_strong(slope)].sum())
    sums["slope_true"] += float(slope.mean())
    sums["slope_clean"] += float(_slope(_f(shot.clean)).mean())
    sums["error_off"] += float(np.square(_f(styled[1]) - now).mean())


def _add_frame(sums: dict[str, float], clip: Clip, shown: Sequence[Pixels], t: int) -> None:
    shot = clip.shots[t]
    out, styled, truth = _f(shown[t]), _f(clip.styled[t]), _f(clip.truth[t])
    if shot.is_event:
        sums["cut"] = max(sums["cut"], float(np.abs(out - styled).max()))
    elif shot.flow is not None:
        sums["warp"] += _warp_error(shot, out, shown[t - 1])
    # What was added, projected on what is gone: the style's own noise averages out.
    change = _f(clip.truth[t - 1]) - truth
    sums["ghost"] += float(((out - styled) * change)[_changed(change)].sum())
    if shot.uncovered is not None:
        harm = np.abs(out - truth) - np.abs(styled - truth)
        sums["trail"] += float(harm[shot.uncovered].sum()) / 3
    sums["edges"] += float(_slope(out)[_is_strong(_slope(truth))].sum())
    sums["error"] += float(np.square(out - truth).mean())
    sums["flick"] += float(np.abs(out - _f(shown[t - 1])).mean())


def _f(picture: Pixels) -> Floats:
    return picture.astype(np.float32)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _warp_error(shot: Shot, now: Floats, before: Pixels) -> float:
    """Sum of squares between a frame and the previous one moved onto it, where both exist."""
    assert shot.flow is not None
    assert shot.tracked is not None
    height, width = shot.tracked.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    moved = cv2.remap(
        _f(before),
        x + shot.flow[..., 0],
        y + shot.flow[..., 1],
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return float(np.square(now - moved)[shot.tracked].sum())


def _changed(change: Floats) -> NDArray[np.bool_]:
    """Where the picture really changed."""
    return np.asarray(np.abs(change).max(2) > 24)


def _is_strong(slope: Floats) -> NDArray[np.bool_]:
    return np.asarray(slope > np.percentile(slope, 92))


def _slope(picture: Floats) -> Floats:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.hypot(
        np.asarray(cv2.Sobel(gray, cv2.CV_32F, 1, 0), dtype=np.float32),
        np.asarray(cv2.Sobel(gray, cv2.CV_32F, 0, 1), dtype=np.float32),
    )
