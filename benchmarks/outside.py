"""What surrounds the network, from bytes to bytes: milliseconds of one core for each stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.blocks import Packer
from livecartoon.backends.finish import Finish
from livecartoon.backends.fullsize import Decided, Rows, fill
from livecartoon.frame import Pixels
from livecartoon.models.checkpoint import read_header
from livecartoon.models.inkstyle import ink_of
from livecartoon.sources.pattern import Painter
from livecartoon.styles import find_style
from livecartoon.temporal.blend import Blend
from livecartoon.temporal.crossfade import Crossfade

SIZES = {"720p": (1280, 720, 2), "1080p": (1920, 1080, 3)}
"""Width, height, and how many times smaller the network runs: 640x360."""
RATE = 30
MOST_MS = {"720p": 12.0}
"""Of `total`."""
LOOK = np.array([1, 1, 0, 1], np.float32)
STRENGTH = np.array([1, 0.7, 0, 1], np.float32)
Stage = Callable[[int], object]


def run(rounds: int = 60, style: str = "shinkai") -> dict[str, Any]:
    """Least and median CPU ms of every stage by size; `missed` names the gates that do not hold.

    `total` is a frame from bytes to bytes: shrinking it for the network, then gate, lines and ink
    at full size; `lines` has `fills` in it. `strength` is a frame with that slider moved
    instead, `blend` the anti-flicker, `crossfade` what a switch of style adds to each frame for
    300 ms.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        figures = {name: _measured(*size, rounds, style) for name, size in SIZES.items()}
    finally:
        cv2.setNumThreads(threads)
    missed = [
        f"{name}: {figures[name]['total']['ms_min']} of {most} ms"
        for name, most in MOST_MS.items()
        if figures[name]["total"]["ms_min"] > most
    ]
    return {**figures, "missed": missed, "is_good": not missed}


def _measured(width: int, height: int, reduction: int, rounds: int, style: str) -> dict[str, Any]:
    _, weights = find_style(style).file_for("small")
    ink = ink_of(read_header(weights))
    packer = Packer(width, height, reduction)
    gate, colour, weight = _maps(packer)
    finish = Finish(ink, packer.small, reduction, ())
    with_strength = Finish(ink, packer.small, reduction, ("strength",))
    lines, painter, blend = finish.new_lines(), Painter(width, height), Blend(0.6)
    photos = [painter.paint(i, i / RATE, i) for i in range(4)]
    rows = Rows.of(packer.columns, reduction)
    bright = np.empty((packer.rows, packer.columns), np.float32)
    drawn = np.empty((packer.rows, packer.columns, 3), np.uint8)

    def decided(index: int) -> Decided:
        return finish.decided(packer.padded(photos[index % 4]), gate, colour)

    def draw(index: int, finish: Finish = finish, look: NDArray[np.float32] = LOOK) -> Pixels:
        packer.pack(packer.padded(photos[index % 4]))
        now = decided(index)
        finish.find_lines(now, weight, 1.0, lines, drawn)
        return packer.cropped(finish.draw(now, lines, look, drawn))

    shown = draw(0).copy()
    fade = Crossfade(photos[0], shown, 0.0)
    stages: dict[str, Stage] = {
        "pack": lambda i: packer.pack(packer.padded(photos[i % 4])),
        "fills": lambda i: fill(decided(i), rows, bright, drawn.reshape(packer.rows, -1)),
        "lines": lambda i: finish.find_lines(decided(i), weight, 1.0, lines, drawn),
        "ink": lambda i: finish.draw(decided(i), lines, LOOK, drawn),
        "total": draw,
        "strength": lambda i: draw(i, with_strength, STRENGTH),
        "blend": lambda i: blend(photos[i % 4], shown, float(Fraction(i, RATE))),
        "crossfade": lambda i: fade(photos[0], shown, 0.1),
    }
    return {name: _timed(stage, rounds) for name, stage in stages.items()}


def _maps(packer: Packer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A gate, a colour and a line weight such as a network decides: smooth, with some edges."""
    rng = np.random.default_rng(0)
    h, w = (side // 4 for side in packer.small)
    coarse = rng.random((h // 8 + 2, w // 8 + 2, 3), np.float32)
    smooth = np.clip(cv2.resize(coarse, (w, h)), 0, 1)
    gate = np.repeat(smooth[..., :1], 48, axis=2) * np.float32(0.6)
    colour = np.tile(smooth, (1, 1, 16)) * np.float32(100)
    return gate, np.ascontiguousarray(colour), np.ascontiguousarray(smooth)


def _timed(stage: Stage, rounds: int) -> dict[str, float]:
    """CPU time of this thread: what else runs on the machine counts little."""
    times_ms = []
    for index in range(rounds + 3):
        start_s = time.thread_time()
        stage(index)
        times_ms.append((time.thread_time() - start_s) * 1000)
    warm = times_ms[3:]
    return {"ms_min": round(min(warm), 2), "ms_median": round(float(np.median(warm)), 2)}
