"""Picture filters ahead of the network: upright, progressive, in planar YCbCr where it is cheap."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import av
import av.filter
import av.video.frame
import av.video.stream
from av.error import BlockingIOError as NotYet
from av.error import EOFError as NoMore
from av.sidedata.sidedata import Type

Filters = tuple[tuple[str, str], ...]
#: Signs of the display matrix (a, b, c, d) -> filters that turn the picture upright.
UPRIGHT: dict[tuple[int, int, int, int], Filters] = {
    (1, 0, 0, 1): (),
    (-1, 0, 0, 1): (("hflip", ""),),
    (1, 0, 0, -1): (("vflip", ""),),
    (-1, 0, 0, -1): (("hflip", ""), ("vflip", "")),
    (0, 1, 1, 0): (("transpose", "cclock_flip"),),
    (0, 1, -1, 0): (("transpose", "clock"),),
    (0, -1, 1, 0): (("transpose", "cclock"),),
    (0, -1, -1, 0): (("transpose", "clock_flip"),),
}
BWDIF: Filters = (("bwdif", "mode=send_frame:parity=auto:deint=interlaced"),)


#: Degrees counter-clockwise -> display matrix, for frames whose side data cannot be listed.
ROTATIONS = {0: (1, 0, 0, 1), 90: (0, -1, 1, 0), -90: (0, 1, -1, 0), 180: (-1, 0, 0, -1)}


def display_matrix(frame: av.video.frame.VideoFrame) -> tuple[int, int, int, int]:
    """Return the linear part of the frame's display matrix; only the proportions count."""
    stored = stored_matrix(frame)
    if stored is not None:
        return stored[0], stored[1], stored[3], stored[4]
    degrees = 180 if frame.rotation == -180 else frame.rotation
    return ROTATIONS.get(degrees, (1, 1, -1, 1))


def stored_matrix(frame: av.video.frame.VideoFrame) -> tuple[int, ...] | None:
    """Return the nine numbers of the frame's display matrix, None without a readable one."""
    try:
        listed: list[Any] = list(frame.side_data)  # the stub takes it for a dict
    except ValueError:  # one kind newer than PyAV's list hides all of them
        return None
    for data in listed:
        if data.type == Type.DISPLAYMATRIX and len(bytes(data)) >= 36:
            return struct.unpack("=9i", bytes(data)[:36])
    return None


def upright_filters(matrix: tuple[int, int, int, int]) -> Filters | None:
    """Return the filters that undo `matrix`, None for other angles than multiples of 90."""
    largest = max(1, *(abs(value) for value in matrix))
    signs = tuple(0 if abs(v) * 64 < largest else (1 if v > 0 else -1) for v in matrix)
    return UPRIGHT.get(signs)  # type: ignore[arg-type]  # always four of them


def swaps_sides(filters: Filters) -> bool:
    """Whether width and height change places."""
    return any(name == "transpose" for name, _ in filters)


class FilterChain:
    """One linear filter graph; may hold frames back until it is flushed."""

    def __init__(self, frame: av.video.frame.VideoFrame, filters: Filters) -> None:
        graph: Any = av.filter.Graph()
        graph.threads = 1
        buffer = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        nodes = [graph.add(name, arguments or None) for name, arguments in filters]
        graph.link_nodes(buffer, *nodes, graph.add("buffersink")).configure()
        self.graph = graph

    def __call__(
        self, frame: av.video.frame.VideoFrame | None
    ) -> Iterator[av.video.frame.VideoFrame]:
        """Push `frame` (None: the end) and yield what comes out."""
        self.graph.vpush(frame)
        while True:
            try:
                yield self.graph.vpull()
            except (NotYet, NoMore):
                return
