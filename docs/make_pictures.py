"""Makes the pictures of README and docs by the program: python -m docs.make_pictures.

From photos in the public domain that ship inside scikit-image. Takes a minute or two.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from skimage import data

from benchmarks.sheet import cut, save, stacked
from livecartoon.cli import run
from livecartoon.jobs.demo_scene import write_clip
from livecartoon.sources.pictures import read_picture

IMAGES = Path(__file__).with_name("images")
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
LOOKS = ("shinkai", "hayao", "ink", "hosoda", "paprika", "pepper", "pixel", "classic")
CELL_WIDTH, CELL_HEIGHT = 200, 200
SECONDS = 5


def make_gallery(folder: Path) -> None:
    """One row for each photo, the source and every look beside it."""
    photos = folder / "photos"
    photos.mkdir()
    for name in PHOTOS:
        save(photos / f"{name}.png", getattr(data, name)())
    for look in LOOKS:
        place = f"{_made(folder / look)}/{{stem}}.png"
        _do("image", str(photos), "-s", look, "--tier", "small", "-o", place)
    rows = [
        [
            cut(read_picture(folder / look / f"{name}.png").pixels, CELL_WIDTH, CELL_HEIGHT)
            for look in ("photos", *LOOKS)
        ]
        for name in PHOTOS
    ]
    save(IMAGES / "gallery.jpg", stacked(rows))


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


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        make_gallery(Path(place))
        make_animation(Path(place))
