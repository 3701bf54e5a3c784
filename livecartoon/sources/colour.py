"""Which YCbCr a stream means, also when it does not say."""

from __future__ import annotations

from typing import Literal

from livecartoon.sources.base import Colour

#: ITU-T H.273 code points used below.
UNSPECIFIED = 2
RANGE_FULL = 2
RANGE_LIMITED = 1
TRANSFER_PQ = 16
TRANSFER_HLG = 18
#: Matrix coefficients the scaler knows how to undo.
KNOWN_MATRICES = {1, 4, 5, 6, 7, 9, 10}
HD_SIDE = 720


def is_hdr(transfer: int) -> bool:
    """Whether the transfer function is PQ or HLG."""
    return transfer in (TRANSFER_PQ, TRANSFER_HLG)


def resolve_matrix(stated: int, width: int, height: int) -> int:
    """Return the matrix code point, by size where the stream does not state a usable one."""
    if stated in KNOWN_MATRICES:
        return stated
    return 1 if min(width, height) >= HD_SIDE else 6


def resolve_range(stated: int, pixel_format: str) -> int:
    """Return the range code: the tag, else what the pixel format implies."""
    if pixel_format.startswith("yuvj") or pixel_format.startswith(("rgb", "bgr", "gbr")):
        return RANGE_FULL
    return stated if stated in (RANGE_LIMITED, RANGE_FULL) else RANGE_LIMITED


def output_colour(matrix: int, color_range: int, primaries: int, transfer: int) -> Colour:
    """Return how the result is to be written: as the source, where the source is known."""
    names: dict[int, Literal["bt601", "bt709", "bt2020"]] = {5: "bt601", 6: "bt601"}
    names |= {9: "bt2020", 10: "bt2020"}
    name = names.get(matrix, "bt709")
    implied = {"bt601": 5 if matrix == 5 else 6, "bt709": 1, "bt2020": 9}[name]
    if primaries in (0, UNSPECIFIED):
        primaries = implied
    if transfer in (0, UNSPECIFIED):
        transfer = {"bt601": 6, "bt709": 1, "bt2020": 14}[name]
    return Colour(name, color_range == RANGE_FULL, primaries, transfer)
