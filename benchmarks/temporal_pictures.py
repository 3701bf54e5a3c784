"""Pictures of steadiness: a row of pixels over time, the methods side by side, a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from livecartoon.errors import OutputError
from livecartoon.frame import Pixels

_LABEL = 18
_STRETCH = 3
"""Rows per frame in a slice through time."""
_GAP = 4


def time_slice(frames: Sequence[Pixels], row: int | None = None) -> Pixels:
    """Return one row of pixels (the middle) of every frame, time downwards.

    What rests is a straight vertical line, what flickers is broken, what ghosts is smeared.
    """
    row = len(frames[0]) // 2 if row is None else row
    return np.repeat(np.stack([frame[row] for frame in frames]), _STRETCH, axis=0)


def side_by_side(pictures: Mapping[str, Pixels]) -> Pixels:
    """Return pictures of one height beside each other, each under its name."""
    parts = []
    for name, picture in pictures.items():
        label = np.zeros((_LABEL, picture.shape[1], 3), np.uint8)
        cv2.putText(label, name, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1)
        parts.append(np.pad(np.concatenate([label, picture]), ((0, 0), (0, _GAP), (0, 0))))
    return np.concatenate(parts, axis=1)


def close_up(picture: Pixels, times: int = 2) -> Pixels:
    """Return the middle of a picture, enlarged without smoothing."""
    height, width = picture.shape[:2]
    rows, columns = height // (2 * times), width // (2 * times)
    middle = picture[
        height // 2 - rows : height // 2 + rows, width // 2 - columns : width // 2 + columns
    ]
    return middle.repeat(times, axis=0).repeat(times, axis=1)


def change_map(frames: Sequence[Pixels], gain: int = 8) -> Pixels:
    """Return the mean change between neighbouring frames, enlarged `gain` times, as grey."""
    stack = np.stack([frame.mean(axis=2, dtype=np.float32) for frame in frames])
    change = np.abs(np.diff(stack, axis=0)).mean(axis=0) * gain
    return np.repeat(np.clip(change, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def chart(values: Mapping[str, Mapping[str, float]], title: str) -> Pixels:
    """Return horizontal bars: case -> method -> value, 1 = as drawn, cut off at 1.2."""
    methods = list(next(iter(values.values())))
    colours = [(150, 150, 150), (60, 110, 200), (40, 160, 90), (220, 130, 40), (160, 60, 160)]
    bar, left, width = 9, 190, 760
    rows = len(values) * (len(methods) * bar + 8) + 50
    canvas = np.full((rows, width, 3), 255, np.uint8)
    scale = (width - left - 60) / 1.2
    _write(canvas, title, (8, 16))
    for index, method in enumerate(methods):
        _write(canvas, method, (left + 110 * index, 34), colours[index % len(colours)])
    top = 44
    for case, row in values.items():
        _write(canvas, case, (8, top + len(methods) * bar // 2 + 4))
        for index, value in enumerate(row.values()):
            end = left + int(scale * min(value, 1.2))
            corner = end, top + (index + 1) * bar - 2
            cv2.rectangle(
                canvas, (left, top + index * bar), corner, colours[index % len(colours)], -1
            )
            _write(canvas, f"{value:.2f}", (end + 4, top + (index + 1) * bar - 1))
        top += len(methods) * bar + 8
    cv2.line(canvas, (left + int(scale), 40), (left + int(scale), rows), (0, 0, 0), 1)
    return canvas


def save(path: Path, picture: Pixels) -> None:
    """Write a PNG; OutputError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), picture[..., ::-1]):
        raise OutputError("E402", f"{path} cannot be written", "another --pictures folder")


def _write(
    canvas: Pixels, text: str, place: tuple[int, int], colour: tuple[int, int, int] = (0, 0, 0)
) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)
