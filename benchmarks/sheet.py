"""Sheets of pictures: cells of one size in rows and columns, under a line of names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from livecartoon.errors import OutputError
from livecartoon.frame import Pixels
from livecartoon.sinks.pictures import encode_picture

GAP = 4
"""Pixels between cells."""
HEAD = 26
"""Rows of the line of names."""
_GROUND = (24, 24, 26)
_TEXT = (235, 235, 230)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def cut(picture: Pixels, width: int, height: int) -> Pixels:
    """Scale (H, W, 3) to cover width x height and cut the rest, less at the top: heads are there.

    By areas where it shrinks, cubic where it grows.
    """
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    size = max(width, round(columns * scale)), max(height, round(rows * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = picture if scale == 1 else cv2.resize(picture, size, interpolation=way)
    left, top = (size[0] - width) // 2, (size[1] - height) // 5
    return np.array(scaled[top : top + height, left : left + width], np.uint8)


def stacked(rows: Sequence[Sequence[Pixels]]) -> Pixels:
    """Rows of equally large pictures as one, without gaps."""
    return np.vstack([np.hstack(list(row)) for row in rows])


def sheet(
    heads: Sequence[str], rows: Sequence[Sequence[Pixels]], names: Sequence[str] = ()
) -> Pixels:
    """Rows of equally large cells under the `heads` of their columns, gaps between all.

    `names` are written into the first cell of each row.
    """
    height, width = rows[0][0].shape[:2]
    canvas = _ground(HEAD + len(rows) * (height + GAP) + GAP, len(heads) * (width + GAP) + GAP)
    for column, head in enumerate(heads):
        _write(canvas, head, (GAP + column * (width + GAP), HEAD - 8), width)
    for index, row in enumerate(rows):
        top = HEAD + index * (height + GAP)
        for column, cell in enumerate(row):
            left = GAP + column * (width + GAP)
            canvas[top : top + height, left : left + width] = cell
        if index < len(names):
            _name(canvas[top : top + height, GAP : GAP + width], names[index])
    return canvas


def save(path: Path, picture: Pixels) -> None:
    """Write a PNG, JPEG or WebP by its suffix; UsageError, OutputError E402."""
    packed = encode_picture(path, picture, None, quality=90)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
    except OSError as error:
        raise OutputError("E402", f"{path} cannot be written ({error.strerror})") from error


def _ground(rows: int, columns: int) -> Pixels:
    canvas = np.empty((rows, columns, 3), np.uint8)
    canvas[:] = _GROUND
    return canvas


def _name(cell: Pixels, text: str) -> None:
    """Write into the lower left corner, on a dark patch."""
    (width, height), below = cv2.getTextSize(text, _FONT, 0.4, 1)
    patch = cell[-(height + below + 6) :, : width + 10]
    patch[:] = (patch * 0.3).astype(np.uint8)
    _write(cell, text, (5, len(cell) - below - 2), cell.shape[1], 0.4)


def _write(canvas: Pixels, text: str, place: tuple[int, int], room: int, size: float = 0.5) -> None:
    """Draw text, smaller if it would not fit into `room` pixels."""
    (width, _), _ = cv2.getTextSize(text, _FONT, size, 1)
    size *= min(1.0, (room - 8) / max(width, 1))
    cv2.putText(canvas, text, place, _FONT, size, _TEXT, 1, cv2.LINE_AA)
