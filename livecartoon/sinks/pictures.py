"""Single pictures encoded to png, jpeg, webp, bmp or tiff."""

from __future__ import annotations

from pathlib import Path

import av
import av.video.codeccontext
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Pixels

#: Suffix -> (encoder, pixel format, pixel format with alpha or None).
FORMATS: dict[str, tuple[str, str, str | None]] = {
    ".bmp": ("bmp", "bgr24", "bgra"),
    ".jpeg": ("mjpeg", "yuvj444p", None),
    ".jpg": ("mjpeg", "yuvj444p", None),
    ".png": ("png", "rgb24", "rgba"),
    ".tif": ("tiff", "rgb24", "rgba"),
    ".tiff": ("tiff", "rgb24", "rgba"),
    ".webp": ("libwebp", "yuv420p", "yuva420p"),
}


def picture_format(path: Path) -> tuple[str, str, str | None]:
    """Return encoder and pixel formats for the suffix of `path`."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageError(
            "E201",
            f"no picture format for the suffix {path.suffix!r}",
            f"one of: {' '.join(suffix.lstrip('.') for suffix in FORMATS)}",
        )
    return found


def encode_picture(
    path: Path, pixels: Pixels, alpha: Pixels | None = None, *, quality: int = 92
) -> bytes:
    """Return the file content for `pixels` (H, W, 3) in the format of `path`'s suffix.

    `alpha` (H, W) is kept where the format can. `quality` 1..100 counts for jpeg and webp.
    """
    encoder, plain, with_alpha = picture_format(path)
    keeps_alpha = alpha is not None and with_alpha is not None
    wanted = with_alpha if keeps_alpha and with_alpha else plain
    stacked = np.dstack([pixels, alpha]) if keeps_alpha and alpha is not None else pixels
    source = av.VideoFrame.from_ndarray(
        np.ascontiguousarray(stacked), format="rgba" if keeps_alpha else "rgb24"
    )
    is_full = wanted.startswith("yuvj")
    frame = VideoReformatter().reformat(
        source,
        format=wanted,
        src_color_range=2,
        dst_colorspace=5,
        src_colorspace=5,
        dst_color_range=2 if is_full or not wanted.startswith("yuv") else 1,
        interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
        threads=1,
    )
    frame.pts = 0
    try:
        return _encode(encoder, frame, wanted, quality)
    except (av.FFmpegError, ValueError) as error:
        raise OutputError(
            "E405", f"{path.name} could not be encoded as {encoder}: {error}", "write a png"
        ) from error


def _encode(encoder: str, frame: av.VideoFrame, pix_fmt: str, quality: int) -> bytes:
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.video.codeccontext.VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, pix_fmt
    context.framerate, context.time_base = 1, 1  # type: ignore[assignment]  # ints are rationals
    if encoder == "mjpeg":
        context.color_range = 2
        scale = max(1, min(31, round(1 + (100 - quality) * 30 / 99)))
        context.qmin = context.qmax = scale
    elif encoder == "libwebp":
        context.options = {"quality": str(quality), "compression_level": "4"}
    packets = [*context.encode(frame), *context.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
