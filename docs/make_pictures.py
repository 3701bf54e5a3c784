"""Makes the pictures of README and docs by the program itself: python docs/make_pictures.py.

From photos in the public domain that ship inside scikit-image. Takes a minute or two.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from livecartoon.cli import run
from livecartoon.jobs.demo_scene import write_clip

IMAGES = Path(__file__).with_name("images")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
LOOKS = {
    "small": ["--tier", "small"],
    "nano": ["--tier", "nano"],
    "hayao": ["-s", "hayao", "--tier", "small"],
    "ink": ["-s", "ink", "--tier", "small"],
    "classic": ["-s", "classic"],
    "pixels": ["--snap", "--colors", "32"],
}
CELL_WIDTH, CELL_HEIGHT = 240, 200
SECONDS = 5


def make_gallery(folder: Path) -> None:
    """One row for each photo, the source and every look beside it."""
    photos = folder / "photos"
    photos.mkdir()
    for name in PHOTOS:
        cv2.imwrite(str(photos / f"{name}.png"), getattr(data, name)()[..., 2::-1])
    for look, flags in LOOKS.items():
        _do("image", str(photos), *flags, "-o", f"{_made(folder / look)}/{{stem}}.png")
    rows = [
        np.hstack([_cell(folder / look / f"{name}.png") for look in ("photos", *LOOKS)])
        for name in PHOTOS
    ]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 88]
    cv2.imwrite(str(IMAGES / "gallery.jpg"), np.vstack(rows), quality)


def make_animation(folder: Path) -> None:
    """The demo's clip with a line that wanders: source to the left, cartoon to the right."""
    clip = folder / "demo.mp4"
    write_clip(clip, SECONDS)
    flags = ["--compare", "wipe", "--size", "480x270", "--fps", "12"]
    _do("convert", str(clip), *flags, "-o", str(IMAGES / "demo.webp"), "-y")


def _do(*words: str) -> None:
    if code := run(list(words)):
        raise SystemExit(code)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _cell(path: Path) -> np.ndarray:
    """Cut the middle to the shape of a cell, and shrink it by areas."""
    picture = cv2.imread(str(path))
    height, width = picture.shape[:2]
    scale = max(CELL_WIDTH / width, CELL_HEIGHT / height)
    size = (max(CELL_WIDTH, round(width * scale)), max(CELL_HEIGHT, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    left = (size[0] - CELL_WIDTH) // 2
    top = (size[1] - CELL_HEIGHT) // 5  # heads are above the middle
    return small[top : top + CELL_HEIGHT, left : left + CELL_WIDTH]


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        make_gallery(Path(place))
        make_animation(Path(place))
