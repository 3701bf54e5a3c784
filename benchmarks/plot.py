"""Bars of frames per second, drawn with OpenCV: no plotting library for one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livecartoon.errors import OutputError

ROW_H, LEFT, RIGHT, WIDTH = 34, 190, 110, 900
FONT = cv2.FONT_HERSHEY_SIMPLEX
INK, BAR, PEER_BAR = (40, 40, 40), (190, 120, 30), (170, 170, 170)
OURS = ("nano", "small", "base", "large")


def draw_bars(figures: Mapping[str, Any], path: Path) -> None:
    """Write a PNG with a bar for each network, the fastest first; OutputError E402."""
    runs = {
        n: v["fps_median"] for n, v in figures.items() if isinstance(v, Mapping) and "ms_min" in v
    }
    order = sorted(runs, key=lambda name: -runs[name])
    canvas = np.full((ROW_H * (len(order) + 2), WIDTH, 3), 255, np.uint8)
    size = f"{figures.get('width')}x{figures.get('height')}, {figures.get('threads')} threads"
    _text(canvas, f"frames per second at {size}, logarithmic", 12, 24)
    # A least of 0.1 keeps the slowest bar visible.
    most = math.log10(max(runs.values(), default=1.0) / 0.1)
    for row, name in enumerate(order):
        top = ROW_H * (row + 1) + 10
        share = max(0.0, math.log10(max(0.1, runs[name]) / 0.1) / max(most, 1e-9))
        right = LEFT + round(share * (WIDTH - LEFT - RIGHT))
        color = BAR if name.startswith(OURS) else PEER_BAR
        cv2.rectangle(canvas, (LEFT, top), (right, top + ROW_H - 12), color, -1)
        _text(canvas, name, 12, top + 17)
        _text(canvas, f"{runs[name]:.1f}", right + 8, top + 17)
    done, encoded = cv2.imencode(".png", canvas)
    assert done
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise OutputError(
            "E402", f"{path} cannot be written ({error.strerror})", "-o another file"
        ) from error


def _text(canvas: Any, words: str, x: int, y: int) -> None:  # noqa: ANN401  cv2 is loosely typed
    cv2.putText(canvas, words, (x, y), FONT, 0.5, INK, 1, cv2.LINE_AA)
