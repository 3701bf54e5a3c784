"""Frames of a video file or of a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from livecartoon.errors import InputError
from trainer.data.decode import read_rgb
from trainer.data.folder import find_pictures
from trainer.metrics.arrays import Bytes


def read_frames(place: Path, limit: int = 0, start: int = 0) -> list[Bytes]:
    """Up to `limit` (0 = all) uint8 RGB frames (H, W, 3) from frame `start` on, of one size.

    Frames are counted, not timed: both videos of a comparison must hold the same ones.
    InputError E301 if there is nothing, E302 if it cannot be decoded or frames differ in size.
    """
    if not place.exists():
        raise InputError("E301", f"no video or folder {place}")
    source = _of_folder(place) if place.is_dir() else _of_video(place)
    frames: list[Bytes] = []
    for index, frame in enumerate(source):
        if limit and len(frames) == limit:
            break
        if index >= start:
            frames.append(frame)
    if not frames:
        raise InputError("E302", f"no frames can be read from {place}")
    if len({frame.shape for frame in frames}) > 1:
        raise InputError("E302", f"frames of different sizes in {place}")
    return frames


def _of_folder(folder: Path) -> Iterator[Bytes]:
    for path in find_pictures([folder]):
        frame = read_rgb(path)
        if frame is None:
            raise InputError("E302", f"{path} is not a readable picture")
        yield frame


def _of_video(path: Path) -> Iterator[Bytes]:
    video = cv2.VideoCapture(str(path))
    try:
        while True:
            is_there, frame = video.read()
            if not is_there:
                return
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    finally:
        video.release()
