"""Pictures of a folder or a pattern as the frames of a video."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from livecartoon.errors import InputError
from livecartoon.frame import Frame, Pixels
from livecartoon.sources.base import Colour, Source, VideoInfo
from livecartoon.sources.pictures import natural_key, read_picture

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
SRGB_TRANSFER = 13


class ImageSource(Source):
    """Pictures in natural order of their names; the first one's size is the video's."""

    def __init__(self, text: str | Path, *, rate: Fraction = Fraction(25)) -> None:
        self.paths = list_pictures(str(text))
        self._first = read_picture(self.paths[0]).pixels
        height, width, _ = self._first.shape
        self._resized = 0
        self.info = VideoInfo(
            width=width,
            height=height,
            time_base=1 / rate,
            rate=rate,
            frames=len(self.paths),
            duration_s=float(len(self.paths) / rate),
            colour=Colour("bt709", transfer=SRGB_TRANSFER),
            codec=self.paths[0].suffix.lstrip(".").lower(),
        )

    def __iter__(self) -> Iterator[Frame]:
        for index, path in enumerate(self.paths):
            pixels = self._first if index == 0 else self._fit(read_picture(path).pixels)
            yield Frame(pixels, index, self.info.time_base, 1)

    def _fit(self, pixels: Pixels) -> Pixels:
        """Return `pixels` cut or edge-filled to the first picture's size."""
        height, width = self.info.height, self.info.width
        if pixels.shape == (height, width, 3):
            return pixels
        self._resized += 1
        cut = pixels[:height, :width]
        grow = ((0, height - cut.shape[0]), (0, width - cut.shape[1]), (0, 0))
        return np.ascontiguousarray(np.pad(cut, grow, mode="edge"))

    def warnings(self) -> tuple[str, ...]:
        """Return what had to be changed, one sentence each; call it at the end."""
        if not self._resized:
            return ()
        return (f"{self._resized} pictures had another size than the first and were cut to it",)


def list_pictures(text: str) -> list[Path]:
    """Return the picture files `text` names: a file, a folder or a glob pattern."""
    path = Path(text).expanduser()
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
    elif path.is_file():
        found = [path]
    else:
        found = [Path(p) for p in glob.glob(str(path)) if Path(p).is_file()]  # noqa: PTH207
    if not found:
        raise InputError("E301", f"no pictures at {text}", "check the path or the pattern")
    return sorted(found, key=natural_key)
