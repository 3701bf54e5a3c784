"""One clip judged: every measure of steadiness, sharpness and delay in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import cv2
import numpy as np

from livecartoon.errors import InputError
from trainer.metrics.arrays import Bytes, Doubles, lab, luma
from trainer.metrics.motion import LEAST_VALID, Estimator, Flow, Gray, gray, is_cut, valid_mask
from trainer.metrics.ssim import MIN_SIDE, multiscale_ssim
from trainer.metrics.steadiness import (
    LEAST_MOVING,
    delay,
    flicker,
    flow_change,
    ghost_parts,
    global_pulse,
    laplace_ratio,
    left_mask,
    sharpness_ratio,
    static_mask,
    trail_length,
    trail_parts,
    warping_error,
)

GAP = 8
SKIP = 4
"""Frames after the start or a cut that say nothing about a method with a memory."""
TRAIL_FRAMES = 5
STILL_FRAMES = 4
"""Frames, three changes, through which a pixel must rest."""
_DELAY_SIDE = 96

#: What a default temporal mode must reach: figure, sign, bound.
TEMPORAL_GATES: dict[str, tuple[Callable[[dict[str, Any]], float | None], str, float]] = {
    "R_E": (lambda clip: clip["R_E"], "<=", 0.6),
    "phi": (lambda clip: clip["phi"]["ratio"], "<=", 0.5),
    "gamma": (lambda clip: clip["gamma"], "<=", 0.10),
    "trail": (lambda clip: clip["trail_length"], "<=", 3),
    "S": (lambda clip: clip["S"], ">=", 0.95),
    "tOF": (lambda clip: _minus(clip["tOF"], clip["tOF_per_frame"]), "<=", 0.0),
    "pulse": (lambda clip: clip["pulse"], "<=", 0.15),
    "delay": (lambda clip: clip["delay"], "<=", 0),
}


@dataclass(slots=True)
class Clip:
    """Frames of one clip, uint8 RGB (H, W, 3), equally many and large."""

    name: str
    inputs: list[Bytes]
    shown: list[Bytes]
    drawn: list[Bytes] | None = None
    """Per frame without temporal code; without it only half of the measures exist."""
    flows: dict[tuple[int, int], Flow] = field(default_factory=dict)
    """Known flows by (from, to), for drawn clips."""

    def __post_init__(self) -> None:
        for kind, frames in (("output", self.shown), ("per-frame output", self.drawn)):
            if frames is not None and len(frames) != len(self.inputs):
                raise InputError(
                    "E302", f"{self.name}: {len(self.inputs)} frames in, {len(frames)} of {kind}"
                )
            if frames is not None and frames[0].shape != self.inputs[0].shape:
                raise InputError(
                    "E302", f"{self.name}: {kind} is {frames[0].shape}, not {self.inputs[0].shape}"
                )


class SharedFlow:
    """An estimator that remembers, so that all methods on one clip share the flow."""

    def __init__(self, estimate: Estimator) -> None:
        self._estimate = estimate
        self._found: dict[tuple[bytes, bytes], Flow] = {}

    def __call__(self, one: Gray, other: Gray) -> Flow:
        """As the estimator."""
        key = blake2b(one.tobytes()).digest(), blake2b(other.tobytes()).digest()
        if key not in self._found:
            self._found[key] = self._estimate(one, other)
        return self._found[key]


def judge_clip(clip: Clip, estimate: Estimator) -> dict[str, Any]:
    """The figures of one clip as in the report; a figure is None where nothing defines it."""
    sums = _Figures(clip, estimate)
    last_cut = 0
    for t in range(1, len(clip.inputs)):
        if is_cut(clip.inputs[t - 1], clip.inputs[t]) or not sums.add_motion(t):
            sums.cuts += 1
            last_cut = t
        elif t - last_cut >= SKIP:
            sums.add_pair(t, t - last_cut)
    return sums.figures()


def missed_temporal_gates(figures: dict[str, Any]) -> list[str]:
    """Names of the gates that a clip's figures miss, with values; undefined figures miss none."""
    missed = []
    for name, (value_of, sign, bound) in TEMPORAL_GATES.items():
        value = value_of(figures)
        if value is not None and not (value <= bound if sign == "<=" else value >= bound):
            missed.append(f"{name} {value:.3f}, wanted {sign} {bound}")
    return missed


class _Figures:
    """Sums over the pairs of a clip."""

    def __init__(self, clip: Clip, estimate: Estimator) -> None:
        self.clip, self.estimate = clip, estimate
        self.cuts = 0
        self.lists: dict[str, list[float]] = {}
        self.ghost = np.zeros(2)
        self.moving: list[float] = []
        self.trails = np.zeros((TRAIL_FRAMES, 2))

    def add_motion(self, t: int) -> bool:
        """Warping errors between t - 1 and t; False if too little can be followed."""
        flow, back = self._flow(t - 1, t), self._flow(t, t - 1)
        mask = valid_mask(flow, back)
        share = float(mask.mean())
        if share < LEAST_VALID:
            return False
        self._add("valid", share)
        for name, frames in self._kinds():
            self._add(f"E_{name}", warping_error(_f(frames[t - 1]), _f(frames[t]), flow, mask))
        return True

    def add_pair(self, t: int, age: int) -> None:
        """What a memory does to frame t, `age` frames after the last cut."""
        clip = self.clip
        before, now = _f(clip.inputs[t - 1]), _f(clip.inputs[t])
        shown_before, shown = _f(clip.shown[t - 1]), _f(clip.shown[t])
        self._add("tOF", flow_change(before, now, shown_before, shown))
        self._add_similarity(t)
        self._add_rest(t)
        if age >= GAP:
            self._add_gap(t)
        if clip.drawn is None:
            return
        drawn_before, drawn = _f(clip.drawn[t - 1]), _f(clip.drawn[t])
        self._add("tOF_per_frame", flow_change(before, now, drawn_before, drawn))
        added, wanted, moving = ghost_parts(before, now, drawn_before, drawn, shown)
        self.ghost += added, wanted
        self.moving.append(moving)
        self._add("S", sharpness_ratio(now, drawn, shown))
        self._add("laplace", laplace_ratio(drawn, shown))
        self._add_trail(t, age, clip.drawn)

    def figures(self) -> dict[str, Any]:
        """Means over the pairs."""
        clip = self.clip
        error, of_drawn, of_input = (self._mean(f"E_{name}") for name in ("o", "p", "i"))
        phi = {name: self._mean(f"phi_{name}") for name in ("o", "p", "i")}
        has_drawn = clip.drawn is not None
        is_moving = bool(self.moving) and float(np.mean(self.moving)) >= LEAST_MOVING
        trail = [float(left / was) if was else 0.0 for left, was in self.trails]
        light = [
            [float(lab(f)[..., 0].mean()) for f in frames] for frames in (clip.shown, clip.inputs)
        ]
        small = [[_small(f) for f in frames] for frames in (clip.inputs, clip.shown)]
        return {
            "clip": clip.name,
            "frames": len(clip.inputs),
            "cuts": self.cuts,
            "valid": self._mean("valid"),
            "E": error,
            "E_per_frame": of_drawn,
            "E_input": of_input,
            "E_gap8": self._mean("gap"),
            "R_E": _over(error, of_drawn),
            "tOF": self._mean("tOF"),
            "tOF_per_frame": self._mean("tOF_per_frame"),
            "tSS": self._mean("tSS"),
            "gamma": _over(*map(float, self.ghost)) if is_moving else None,
            "gamma_note": None if is_moving or not has_drawn else "static",
            "trail": trail if has_drawn and self.trails[:, 1].any() else None,
            "trail_length": trail_length(trail) if has_drawn and self.trails[0, 1] else None,
            "S": self._mean("S"),
            "laplace": self._mean("laplace"),
            "phi": phi | {"ratio": _over(phi["o"], phi["p"])},
            "pulse": global_pulse(*light),
            "delay": delay(*small),
        }

    def _kinds(self) -> list[tuple[str, list[Bytes]]]:
        clip = self.clip
        kinds = [("i", clip.inputs), ("o", clip.shown)]
        return kinds if clip.drawn is None else [*kinds, ("p", clip.drawn)]

    def _flow(self, start: int, end: int) -> Flow:
        known = self.clip.flows.get((start, end))
        if known is not None:
            return known
        return self.estimate(gray(self.clip.inputs[start]), gray(self.clip.inputs[end]))

    def _add_similarity(self, t: int) -> None:
        if min(self.clip.inputs[t].shape[:2]) < MIN_SIDE:
            return
        of_shown, of_input = (
            1 - multiscale_ssim(frames[t - 1], frames[t])
            for frames in (self.clip.shown, self.clip.inputs)
        )
        self._add("tSS", 100 * abs(of_shown - of_input))

    def _add_rest(self, t: int) -> None:
        mask = static_mask([_f(frame) for frame in self.clip.inputs[t + 1 - STILL_FRAMES : t + 1]])
        for name, frames in self._kinds():
            self._add(f"phi_{name}", flicker(_f(frames[t - 1]), _f(frames[t]), mask))

    def _add_gap(self, t: int) -> None:
        start = t - GAP
        flow = self._flow(start, t)
        mask = valid_mask(flow, self._flow(t, start))
        before, now = _f(self.clip.shown[start]), _f(self.clip.shown[t])
        self._add("gap", warping_error(before, now, flow, mask))

    def _add_trail(self, t: int, age: int, drawn: Sequence[Bytes]) -> None:
        for k in range(1, min(TRAIL_FRAMES, age) + 1):
            mask = left_mask([_f(frame) for frame in self.clip.inputs[t - k : t + 1]])
            parts = trail_parts(_f(self.clip.shown[t]), _f(drawn[t]), _f(drawn[t - k]), mask)
            self.trails[k - 1] += parts

    def _add(self, name: str, value: float) -> None:
        if np.isfinite(value):
            self.lists.setdefault(name, []).append(value)

    def _mean(self, name: str) -> float | None:
        values = self.lists.get(name)
        return float(np.mean(values)) if values else None


def _f(picture: Bytes) -> Doubles:
    return picture / 255.0


def _small(picture: Bytes) -> Doubles:
    height, width = picture.shape[:2]
    scale = min(1.0, _DELAY_SIDE / max(height, width))
    sides = max(1, round(width * scale)), max(1, round(height * scale))
    plane = cv2.resize(luma(picture), sides, interpolation=cv2.INTER_AREA)
    return np.asarray(plane, dtype=np.float64)


def _over(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _minus(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None
