"""Measures of a stylized video, pair by pair: I input, P drawn per frame, O to be judged.

All take pictures in 0..1, (H, W, 3) float64, unless said otherwise. None is enough alone: a
blur lowers the warping error, a frozen picture lowers the flicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from trainer.metrics.arrays import Doubles, Mask, gradient, luma
from trainer.metrics.motion import Flow, farneback, warped

MOVED, LEFT, STAYED, STATIC = 8 / 255, 24 / 255, 8 / 255, 2 / 255
LEAST_MOVING = 0.005
"""Share of pixels that must move for a ghost to be defined."""
EDGE_PERCENTILE = 95
TRAIL_END = 0.05
PULSE_WINDOW = 25
BORDER = 16
"""Pixels beside the frame that tOF leaves out."""
MAX_DELAY = 8


def warping_error(now: Doubles, after: Doubles, flow: Flow, mask: Mask) -> float:
    """Mean squared change along the motion over valid pixels; `flow` leads from now to after."""
    if not mask.any():
        return float("nan")
    return float(np.square(now - warped(after, flow))[mask].mean())


def ghost_parts(
    before: Doubles, now: Doubles, drawn_before: Doubles, drawn: Doubles, shown: Doubles
) -> tuple[float, float, float]:
    """Numerator and denominator of the ghost coefficient, and the share of moving pixels.

    The input's own change is the instrument: a style's noise does not correlate with it.
    """
    change = before - now
    moved = np.abs(change).max(2) > MOVED
    added, wanted = (shown - drawn)[moved], (drawn_before - drawn)[moved]
    part = change[moved]
    return float((added * part).sum()), float((wanted * part).sum()), float(moved.mean())


def left_mask(inputs: Sequence[Doubles]) -> Mask:
    """Pixels that changed between the first two frames and have been still since."""
    jumped: Mask = np.abs(inputs[1] - inputs[0]).max(2) > LEFT
    for earlier, later in pairwise(inputs[1:]):
        jumped = jumped & (np.abs(later - earlier).max(2) < STAYED)
    return jumped


def trail_parts(shown: Doubles, drawn: Doubles, drawn_before: Doubles, mask: Mask) -> Doubles:
    """Sums over the mask of what is left of the past, and of what it was: (2,)."""
    left = np.abs(shown - drawn)[mask].sum()
    return np.array([left, np.abs(drawn_before - drawn)[mask].sum()])


def trail_length(trail: Sequence[float]) -> int:
    """Smallest k from 1 on with T_k below 5 %, or one more than there are."""
    return next((k for k, value in enumerate(trail, 1) if value < TRAIL_END), len(trail) + 1)


def sharpness_ratio(frame: Doubles, drawn: Doubles, shown: Doubles) -> float:
    """Slope of O relative to P where the input's is in its top 5 %."""
    of_input = gradient(luma(frame))
    edges = of_input >= np.percentile(of_input, EDGE_PERCENTILE)
    of_drawn = gradient(luma(drawn))[edges].mean()
    return float(gradient(luma(shown))[edges].mean() / of_drawn) if of_drawn else float("nan")


def laplace_ratio(drawn: Doubles, shown: Doubles) -> float:
    """Variance of the Laplacian of O relative to P; counts flicker noise as sharpness."""
    of_shown, of_drawn = (float(cv2.Laplacian(luma(p), cv2.CV_64F).var()) for p in (shown, drawn))
    return of_shown / of_drawn if of_drawn else float("nan")


def static_mask(inputs: Sequence[Doubles]) -> Mask:
    """Pixels at rest through all the frames (three changes in use), opened by 5x5."""
    still = np.ones(inputs[0].shape[:2], bool)
    for earlier, later in pairwise(inputs):
        still &= np.abs(later - earlier).max(2) < STATIC
    opened = cv2.morphologyEx(still.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(opened) > 0


def flicker(before: Doubles, now: Doubles, mask: Mask) -> float:
    """Mean change of luma over the mask, in levels of 255."""
    if not mask.any():
        return float("nan")
    return float(255 * np.abs(luma(now) - luma(before))[mask].mean())


def global_pulse(light_shown: Sequence[float], light_input: Sequence[float]) -> float:
    """Deviation over time of mean L*(O) - mean L*(I), its 25-frame median taken away."""
    drift = np.asarray(light_shown, dtype=np.float64) - np.asarray(light_input)
    # Turned around at the ends, a steady drift goes on: without, it would look like a pulse.
    padded = np.pad(drift, PULSE_WINDOW // 2, mode="reflect", reflect_type="odd")
    smooth = [np.median(padded[t : t + PULSE_WINDOW]) for t in range(len(drift))]
    return float((drift - np.array(smooth)).std())


def flow_change(before: Doubles, now: Doubles, shown_before: Doubles, shown: Doubles) -> float:
    """tOF of a pair (TecoGAN, input instead of ground truth): mean difference of flows, px."""
    of_input, of_shown = (
        farneback(*(np.rint(255 * luma(p)).astype(np.uint8) for p in pair))
        for pair in ((before, now), (shown_before, shown))
    )
    apart = np.sqrt(np.square(of_shown - of_input).sum(2))
    inner = apart[BORDER:-BORDER, BORDER:-BORDER]
    return float(inner.mean() if inner.size else apart.mean())


def delay(inputs: Sequence[Doubles], shown: Sequence[Doubles]) -> int:
    """Frames of lag: the shift at which changes of O and I correlate most. Takes small lumas."""
    of_input, of_shown = (np.diff(np.stack(planes), axis=0) for planes in (inputs, shown))
    scores = []
    for shift in range(min(MAX_DELAY, len(of_input) - 1) + 1):
        late, early = of_shown[shift:], of_input[: len(of_input) - shift]
        norm = np.sqrt(np.square(late).sum() * np.square(early).sum())
        scores.append(float((late * early).sum() / norm) if norm else 0.0)
    return int(np.argmax(scores))
