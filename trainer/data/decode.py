"""Single pictures in and out: RGB at our side, whatever OpenCV thinks of it at its own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from livecartoon.errors import OutputError

Bytes = NDArray[np.uint8]


def read_rgb(path: Path) -> Bytes | None:
    """Decode to upright uint8 RGB (H, W, 3); None if it is no picture or cannot be read."""
    decoded = _decode(path, cv2.IMREAD_COLOR)
    return None if decoded is None else np.ascontiguousarray(decoded[..., ::-1])


def read_gray(path: Path) -> Bytes | None:
    """Decode to uint8 (H, W); None if it is no picture or cannot be read."""
    return _decode(path, cv2.IMREAD_GRAYSCALE)


def write_png(path: Path, pixels: Bytes) -> None:
    """Store RGB (H, W, 3) or gray (H, W) without loss; a killed run leaves no half file."""
    in_file_order = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    _, packed = cv2.imencode(".png", np.ascontiguousarray(in_file_order))
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(packed.tobytes())
        partial.replace(path)
    except OSError as error:
        code = "E403" if error.errno in (27, 28) else "E402"
        raise OutputError(
            code, f"{path} cannot be written ({error.strerror})", "check folder and space"
        ) from error


def _decode(path: Path, mode: int) -> Bytes | None:
    try:
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    if not encoded.size:
        return None
    try:
        decoded = cv2.imdecode(encoded, mode)
    except cv2.error:  # a header that promises more pixels than OpenCV takes
        return None
    return None if decoded is None else np.asarray(decoded, dtype=np.uint8)
