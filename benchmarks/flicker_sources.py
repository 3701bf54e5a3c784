"""Where flicker comes from: one frame, disturbed as cameras and codecs do, drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.temporal_footage import encoded, read
from benchmarks.temporal_scenes import Floats, add_grain, through_codec
from benchmarks.temporal_styles import Draw, open_style, style_names
from livecartoon.frame import Pixels

_BORDER = 8
"""Pixels at the frame's edge that a shift brings in from nowhere."""
Disturb = Callable[[Pixels], Pixels]


def _grain(deviation: float) -> Disturb:
    rng = np.random.default_rng(3)
    return lambda picture: add_grain(rng, picture.astype(np.float32), deviation)


def _gain(factor: float) -> Disturb:
    return lambda picture: np.asarray(
        np.clip(picture * np.float32(factor) + 0.5, 0, 255), dtype=np.uint8
    )


def _h264(crf: int) -> Disturb:
    """A still picture's sixth frame: what the encoder has made of it by then."""
    return lambda picture: encoded([picture] * 6, crf)[-1]


DISTURBANCES: dict[str, Disturb] = {
    "noise 2": _grain(2),
    "noise 4": _grain(4),
    "noise 8": _grain(8),
    "jpeg 85": lambda picture: through_codec(picture, 85),
    "jpeg 60": lambda picture: through_codec(picture, 60),
    "h264 crf 28": _h264(28),
    "gain +1 %": _gain(1.01),
    "gain +4 %": _gain(1.04),
}
SHIFTS = {"shift 0.25": 0.25, "shift 0.5": 0.5}
#: Share table: name -> (the disturbance that stands for it, as a decent webcam has it).
TYPICAL = {"noise": "noise 2", "compression": "jpeg 85", "phase": "shift 0.25"}


def run(clips: Sequence[Path], styles: Sequence[str], frames: int) -> dict[str, Any]:
    """Return style -> disturbance -> RMS change in and out (levels), and the typical shares."""
    pictures = [picture for clip in clips for picture in read(clip, frames).frames[-1:]]
    figures: dict[str, Any] = {"clips": [clip.stem for clip in clips], "styles": {}}
    for style in styles or style_names():
        sums: dict[str, Floats] = {}
        for picture in pictures:
            height, width = picture.shape[:2]
            with open_style(style, width, height) as draw:
                for name, change in _changes(picture, draw).items():
                    sums[name] = sums.get(name, np.zeros(2, np.float32)) + change
        means = {name: np.sqrt(total / len(pictures)) for name, total in sums.items()}
        rows = {name: {"in": _r(mean[0]), "out": _r(mean[1])} for name, mean in means.items()}
        energy = {part: float(means[name][1]) ** 2 for part, name in TYPICAL.items()}
        shares = {part: _r(value / sum(energy.values())) for part, value in energy.items()}
        figures["styles"][style] = {"levels": rows, "shares": shares}
    return figures


def _changes(picture: Pixels, draw: Draw) -> dict[str, Floats]:
    """Return disturbance -> mean square change of the picture and of its cartoon."""
    drawn = draw(picture).copy()
    changes = {}
    for name, disturb in DISTURBANCES.items():
        worse = disturb(picture)
        changes[name] = np.array([_energy(worse, picture), _energy(draw(worse), drawn)], np.float32)
    for name, pixels in SHIFTS.items():
        moved = _shifted(picture, pixels)
        back = _shifted(moved, -pixels), _shifted(draw(moved), -pixels)
        around = _shifted(_shifted(drawn, pixels), -pixels)  # the resampling's own share
        energies = (_energy(back[0], picture), _energy(back[1], around))
        changes[name] = np.array(energies, np.float32)
    return changes


def _shifted(picture: Pixels, pixels: float) -> Pixels:
    height, width = picture.shape[:2]
    move = np.array([[1, 0, pixels], [0, 1, pixels]], np.float64)
    moved = cv2.warpAffine(
        picture, move, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, dtype=np.uint8)


def _energy(a: Pixels, b: Pixels) -> float:
    difference = (a.astype(np.float32) - b)[_BORDER:-_BORDER, _BORDER:-_BORDER]
    return float(np.square(difference).mean())


def _r(value: float) -> float:
    return round(float(value), 3)
