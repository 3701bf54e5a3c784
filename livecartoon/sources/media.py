"""Opening media files from strangers: allow-lists and limits before anything is decoded."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import av
import av.container
import av.video.stream
from av.codec.hwaccel import HWAccel
from av.stream import Disposition

from livecartoon.errors import InputError, LivecartoonError
from livecartoon.escape import printable

#: Demuxers a local file may need. No playlists, no concat, nothing that opens another file.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,apng,"
    "webp_pipe,h264,hevc,m4v,ivf,y4m,yuv4mpegpipe,image2,png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe"
)
MAX_SIDE = 16384
MAX_PIXELS = 67_000_000
MAX_STREAMS = 64
#: What PyAV raises for damaged or hostile input, beside its own tree (all seen by fuzzing).
MEDIA_ERRORS = (av.FFmpegError, ValueError, IndexError, MemoryError, OSError, OverflowError)


def translate(path: Path, error: Exception) -> LivecartoonError:
    """Return our error for what PyAV said about `path`."""
    name = printable(path.name)
    if isinstance(error, LivecartoonError):
        return error
    if isinstance(error, FileNotFoundError):
        return InputError("E301", f"no such file: {name}", "check the path")
    if isinstance(error, PermissionError):
        return InputError("E301", f"{name} may not be read", "check its permissions")
    if isinstance(error, MemoryError):
        return InputError("E304", f"{name} asks for more memory than there is", "use another file")
    said = printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)
    return InputError(
        "E302", f"{name} cannot be read as media ({said})", "play it first: is the file whole?"
    )


def open_options() -> dict[str, Any]:
    """Return the arguments every local file is opened with."""
    options: dict[str, Any] = {
        "options": {
            "protocol_whitelist": "file",
            "format_whitelist": DEMUXERS,
            "probesize": "20000000",
        }
    }
    if int(av.__version__.split(".")[0]) < 19:  # the argument is gone there, and the default sane
        options["metadata_errors"] = "replace"
    return options


@contextmanager
def open_media(
    path: Path, *, decode: Literal["cpu", "cuda"] = "cpu"
) -> Iterator[av.container.InputContainer]:
    """Yield the open container of the local file `path`, closed for certain afterwards.

    Closing matters: an input container left to the garbage collector leaks about 5 MB.
    """
    try:
        resolved = path.expanduser().resolve(strict=True)
        if not resolved.is_file():
            raise IsADirectoryError(errno.EISDIR, "not a regular file", str(path))
        container = _open(f"file:{resolved}", decode)
    except MEDIA_ERRORS as error:
        raise translate(path, error) from error
    with container:
        if len(container.streams) > MAX_STREAMS:
            raise InputError(
                "E304",
                f"{printable(path.name)} has {len(container.streams)} streams,"
                f" {MAX_STREAMS} are allowed",
                "keep the streams you need in a new file",
            )
        yield container


def _open(name: str, decode: str) -> av.container.InputContainer:
    if decode == "cpu":
        opened: av.container.InputContainer = av.open(name, mode="r", **open_options())
        return opened
    try:  # what was typed is never replaced by another
        hardware = HWAccel(device_type="cuda", allow_software_fallback=False)
        opened = av.open(name, mode="r", hwaccel=hardware, **open_options())
    except (av.FFmpegError, RuntimeError, ValueError, NotImplementedError) as error:
        raise InputError(
            "E306", f"no CUDA decoder for {printable(Path(name).name)} ({error})", "--decode cpu"
        ) from error
    return opened


def is_picture_stream(stream: av.video.stream.VideoStream) -> bool:
    """Whether `stream` is cover art or a thumbnail, not the video."""
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def pick_video(path: Path, container: av.container.InputContainer) -> av.video.stream.VideoStream:
    """Return the video to stylize: default disposition first, else the largest."""
    candidates = [s for s in container.streams.video if not is_picture_stream(s)]
    if not candidates:
        raise InputError(
            "E303",
            f"{printable(path.name)} has no video stream",
            "give a video; `livecartoon image` takes pictures",
        )
    marked = [s for s in candidates if s.disposition & Disposition.default]
    return max(marked or candidates, key=_area)


def _area(stream: av.video.stream.VideoStream) -> int:
    context = stream.codec_context  # None where no decoder is at hand, whatever the stub says
    return context.width * context.height if context is not None else 0


def check_size(path: Path, width: int, height: int) -> None:
    """Raise InputError unless a picture of this size is within the limits."""
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise InputError(
            "E304",
            f"{printable(path.name)} is {width}x{height}; the limit is {MAX_SIDE} a side"
            f" and {MAX_PIXELS // 1_000_000} Mpx",
            "scale it down first",
        )
