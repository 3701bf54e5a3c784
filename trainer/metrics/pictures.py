"""Sets of pictures as every metric sees them: square, of one size, by name."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from livecartoon.errors import InputError
from trainer.data.decode import read_rgb, write_png
from trainer.data.folder import find_pictures
from trainer.metrics.arrays import Bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PictureSet:
    """uint8 RGB squares (S, S, 3) by the stem of their file, in the order of the names."""

    pictures: dict[str, Bytes]
    sha256: str
    """Over the files' bytes."""
    enlarged: int = 0
    """How many had a side below S."""
    unreadable: tuple[str, ...] = field(default=())

    def facts(self, size: int) -> dict[str, object]:
        """What a report says about the set."""
        return {
            "n": len(self.pictures),
            "sha": self.sha256,
            "size": size,
            "filter": "centre square, area",
            "enlarged": self.enlarged,
            "unreadable": list(self.unreadable),
        }


def read_set(place: Path, size: int, limit: int = 0) -> PictureSet:
    """Read a folder or a `.txt` list of pictures; `limit` takes that many, evenly spaced.

    Unreadable files are named, counted and left out. InputError E301 for an empty or absent
    place, E302 when fewer than two can be read or two files share a stem.
    """
    if not place.exists():
        raise InputError("E301", f"no folder {place}", "give a folder of pictures")
    paths = find_pictures([place])
    paths = [paths[index] for index in spaced(len(paths), limit)]
    pictures: dict[str, Bytes] = {}
    unreadable, enlarged, digest = [], 0, hashlib.sha256()
    for path in paths:
        picture = read_rgb(path)
        if picture is None:
            log.warning("skipped %s: not a readable picture", path)
            unreadable.append(path.name)
            continue
        if path.stem in pictures:
            raise InputError("E302", f"two pictures named {path.stem} in {place}", "rename one")
        digest.update(path.read_bytes())
        enlarged += min(picture.shape[:2]) < size
        pictures[path.stem] = square(picture, size)
    if len(pictures) < 2:
        raise InputError("E302", f"{len(pictures)} readable pictures in {place}, 2 are needed")
    return PictureSet(pictures, digest.hexdigest(), enlarged, tuple(unreadable))


def spaced(count: int, limit: int) -> list[int]:
    """`limit` indices below `count`, evenly spaced; all for a limit of 0 or one above `count`."""
    if limit <= 0 or limit >= count:
        return list(range(count))
    return [int(index) for index in np.linspace(0, count - 1, limit).round()]


def square(picture: Bytes, size: int) -> Bytes:
    """The middle square of (H, W, 3) as (size, size, 3), by area or, enlarging, cubic."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = np.ascontiguousarray(picture[top : top + side, left : left + side])
    if side == size:
        return middle
    way = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(middle, (size, size), interpolation=way), dtype=np.uint8)


def halves(pictures: PictureSet, count: int) -> tuple[list[Bytes], list[Bytes]]:
    """The later half as the set to compare with, and up to `count` of the earlier half.

    Cut in two blocks, not at random: neighbouring names are neighbouring frames, and near
    copies in both halves would flatter the reference.
    """
    every = list(pictures.pictures.values())
    middle = len(every) // 2
    return every[middle:], [every[index] for index in spaced(middle, count)]


def write_sheet(path: Path, rows: Sequence[Sequence[Bytes]]) -> None:
    """Store rows of equally large pictures as one PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, np.vstack([np.hstack(list(row)) for row in rows]))
