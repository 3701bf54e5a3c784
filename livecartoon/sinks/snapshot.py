"""Writes single pictures as PNG with text inside, without any codec library."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from livecartoon.errors import OutputError
from livecartoon.frame import Pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSION = 4


def write_png(path: Path, pixels: Pixels, texts: Mapping[str, str]) -> None:
    """Write `pixels` (H, W, 3) to `path` atomically, with `texts` as tEXt chunks (Latin-1)."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(encode_png(pixels, texts))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            "E402", f"cannot write the snapshot {path}: {error.strerror}", "--snapshot-dir DIR"
        ) from error


def encode_png(pixels: Pixels, texts: Mapping[str, str]) -> bytes:
    """Return the bytes of a PNG file."""
    height, width, _ = pixels.shape
    rows = np.empty((height, 1 + width * 3), np.uint8)
    rows[:, 0] = 2  # filter "up": flat cartoon areas become zeros
    flat = pixels.reshape(height, width * 3)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    for key, text in texts.items():
        chunks.append((b"tEXt", f"{key}\0{text}".encode("latin-1", "replace")))
    chunks += [(b"IDAT", zlib.compress(rows.tobytes(), COMPRESSION)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
