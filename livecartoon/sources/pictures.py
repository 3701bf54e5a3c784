"""Single pictures, decoded to upright RGB within the same limits as video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import av
import av.video.frame
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import InputError
from livecartoon.frame import Pixels
from livecartoon.sources import colour, prepare
from livecartoon.sources.exif import lost_fields, upright_turns
from livecartoon.sources.media import MEDIA_ERRORS, check_size, open_media, translate

EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True, slots=True)
class Picture:
    """One still picture."""

    pixels: Pixels
    """RGB, (H, W, 3)."""
    alpha: Pixels | None
    """Opacity (H, W), None where the file has none."""
    warnings: tuple[str, ...] = ()


def read_picture(path: Path) -> Picture:
    """Return the first picture of `path`, turned upright by its EXIF orientation."""
    with open_media(path) as container:
        if not container.streams.video:
            raise InputError("E303", f"{path.name} has no picture", "give a png, jpeg or webp")
        stream = container.streams.video[0]
        check_size(path, stream.width or 0, stream.height or 0)
        stream.codec_context.options = {"max_pixels": str(16384 * 16384 // 4)}
        try:
            frame = next(container.decode(stream), None)
        except MEDIA_ERRORS as error:
            raise translate(path, error) from error
        if frame is None:
            raise InputError("E302", f"{path.name} holds no picture", "is the file whole?")
        check_size(path, frame.width, frame.height)
        return _to_picture(path, frame)


def _to_picture(path: Path, frame: av.video.frame.VideoFrame) -> Picture:
    filters = upright_turns(path)
    if filters:
        frame = next(prepare.FilterChain(frame, filters)(frame))
    if frame.color_range not in (colour.RANGE_LIMITED, colour.RANGE_FULL):
        is_yuv = frame.format.name.startswith("yuv") and path.suffix.lower() == ".webp"
        frame.color_range = colour.RANGE_LIMITED if is_yuv else colour.RANGE_FULL
    frame.colorspace = frame.colorspace if frame.colorspace in colour.KNOWN_MATRICES else 6
    warnings = lost_fields(path)
    if any(component.bits > 8 for component in frame.format.components):
        warnings = ("more than 8 bits a channel: written with 8", *warnings)
    has_alpha = any(component.is_alpha for component in frame.format.components)
    wanted = "rgba" if has_alpha else "rgb24"
    rgb = VideoReformatter().reformat(
        frame, format=wanted, interpolation=EXACT, dst_color_range=colour.RANGE_FULL, threads=1
    )
    pixels = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    alpha = np.ascontiguousarray(pixels[..., 3]) if has_alpha else None
    return Picture(np.ascontiguousarray(pixels[..., :3]), alpha, warnings)


def natural_key(path: Path) -> list[tuple[int, int | str]]:
    """Sort key that puts `2.png` before `10.png`."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
