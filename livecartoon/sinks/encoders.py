"""Which encoders work here: the library lists some that open on no machine without their chip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import av.video.stream

#: Encoder -> what it is for; every one is tried.
CANDIDATES = {
    "libx264": "H.264",
    "libx265": "H.265",
    "libsvtav1": "AV1",
    "libvpx-vp9": "VP9",
    "prores_ks": "ProRes, for editing",
    "ffv1": "FFV1, lossless",
    "h264_nvenc": "H.264 on an NVIDIA GPU",
    "hevc_nvenc": "H.265 on an NVIDIA GPU",
    "av1_nvenc": "AV1 on an NVIDIA GPU",
}
SIDE = 256
PIX_FMTS = {"prores_ks": "yuv422p10le"}
#: Encoders that write to stderr on their own unless told not to.
QUIET = {"libx265": {"x265-params": "log-level=none"}}


def working_encoders() -> dict[str, str]:
    """Return the encoders that really encode one frame."""
    with _quiet_svt():
        return {name: text for name, text in CANDIDATES.items() if encodes(name)}


@contextmanager
def _quiet_svt() -> Iterator[None]:
    """SVT-AV1 takes its log level from the environment alone."""
    before = os.environ.get("SVT_LOG")
    os.environ["SVT_LOG"] = "-1"
    try:
        yield
    finally:
        del os.environ["SVT_LOG"]
        if before is not None:
            os.environ["SVT_LOG"] = before


def encodes(name: str) -> bool:
    """Whether the encoder opens and takes a frame."""
    try:
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width = context.height = SIDE
        context.pix_fmt = PIX_FMTS.get(name, "yuv420p")
        context.time_base = Fraction(1, 25)
        context.framerate = Fraction(25)
        context.options = QUIET.get(name, {})
        frame = av.VideoFrame(SIDE, SIDE, context.pix_fmt)
        for plane in frame.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts = 0
        context.encode(frame)
        context.encode(None)
    except (av.FFmpegError, ValueError, OSError):  # unknown, not built in, or no such chip
        return False
    return True
