"""What a picture file says beside its pixels: which way is up, and what we leave behind."""

from __future__ import annotations

import struct
from pathlib import Path

from livecartoon.sources.prepare import Filters

ORIENTATION = 0x0112
#: EXIF orientation -> filters that turn the stored picture upright.
TURNS: dict[int, Filters] = {
    1: (),
    2: (("hflip", ""),),
    3: (("hflip", ""), ("vflip", "")),
    4: (("vflip", ""),),
    5: (("transpose", "cclock_flip"),),
    6: (("transpose", "clock"),),
    7: (("transpose", "clock_flip"),),
    8: (("transpose", "cclock"),),
}
#: What stands before the TIFF structure in jpeg, png and webp.
MARKS = (b"Exif\0\0", b"eXIf", b"EXIF")
PROFILE_MARKS = (b"ICC_PROFILE\0", b"iCCP", b"ICCP")
ENOUGH = 1 << 20


def lost_fields(path: Path) -> tuple[str, ...]:
    """Return one sentence for each thing in the file that its cartoon will not carry."""
    with path.open("rb") as file:
        content = file.read(ENOUGH)
    lost = []
    if any(mark in content for mark in PROFILE_MARKS):
        lost.append("the colour profile is not applied: colours are taken for sRGB")
    if any(mark in content for mark in MARKS):
        lost.append("EXIF fields are not carried over; the orientation is applied")
    return tuple(lost)


def upright_turns(path: Path) -> Filters:
    """Return the filters for the orientation `path` states, none if it states none."""
    with path.open("rb") as file:
        content = file.read(ENOUGH)
        file.seek(0, 2)
        tail_at = max(len(content), file.tell() - ENOUGH)
        file.seek(tail_at)
        tail = file.read() if path.suffix.lower() == ".webp" else b""  # it stands at the end there
    return TURNS.get(_orientation(content) or _orientation(tail), ())


def _orientation(content: bytes) -> int:
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _read_directory(content)
    for mark in MARKS:
        at = content.find(mark)
        while at >= 0:
            for skip in (len(mark), len(mark) + 4, len(mark) + 10):
                found = _read_directory(content[at + skip :])
                if found:
                    return found
            at = content.find(mark, at + 1)
    return 0


def _read_directory(tiff: bytes) -> int:
    """Return the orientation in the first directory of a TIFF structure, 0 without one."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return 0
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return 0
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for entry in range(min(count, 512)):
        at = start + 2 + 12 * entry
        if at + 12 > len(tiff):
            return 0
        tag, kind = struct.unpack_from(order + "HH", tiff, at)
        if tag == ORIENTATION and kind == 3:
            return int(struct.unpack_from(order + "H", tiff, at + 8)[0])
    return 0
