"""What goes wrong while writing a media file, in our words."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from av.codec.codec import UnknownCodecError

from livecartoon.errors import OutputError

DISK_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


def output_error(path: Path, encoder: str, error: Exception) -> OutputError:
    """Return our error for what the library said while `path` was opened or written."""
    if getattr(error, "errno", None) in DISK_FULL:
        free = shutil.disk_usage(path.parent).free >> 20
        return OutputError(
            "E403", f"disk full at {path.parent}: {free} MiB free", "free some space"
        )
    is_closed = getattr(error, "errno", None) == errno.EROFS
    if is_closed or isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        said = getattr(error, "strerror", None) or str(error)
        return OutputError("E402", f"{path} cannot be written ({said})", "check the folder")
    if isinstance(error, UnknownCodecError):
        return OutputError("E405", f"no encoder {encoder!r}", "livecartoon devices --encoders")
    if "does not support" in str(error):
        return OutputError("E404", f"{path.suffix} cannot hold {encoder}", "write a .mkv")
    said = getattr(error, "strerror", None) or str(error)
    return OutputError("E405", f"{encoder} for {path.suffix} refused: {said}", "-c h264")
