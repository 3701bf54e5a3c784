"""What of a film is not done yet, told by the pieces there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from livecartoon.sinks.laps import Segment, Stretch

#: Pieces by their keys: lap, and place in it.
Pieces = Mapping[tuple[int, int], Segment]


def rest_of(done: Pieces, lap: int) -> Stretch | None:
    """Return what is missing of one lap; None if nothing is."""
    rest = Stretch(lap, lap + 1)
    while (piece := done.get((lap, rest.part))) is not None:
        if piece.cut_s is None:
            return None
        rest = replace(rest, part=rest.part + 1, cut_s=piece.cut_s)
    return rest


def gaps(done: Pieces) -> list[Stretch]:
    """Return the stretches that are not done, in order; the last one is open."""
    found: list[Stretch] = []
    start = Stretch()
    for key in sorted(done):
        piece = done[key]
        if key != (start.first, start.part):
            found.append(replace(start, end=piece.index))
        start = behind(piece)
    return [*found, start]


def behind(piece: Segment) -> Stretch:
    """Return all that comes behind a piece: of its lap, if it was cut, and the laps after it."""
    if piece.cut_s is None:
        return Stretch(piece.last + 1)
    return Stretch(piece.index, None, piece.part + 1, piece.cut_s)


def before(done: Pieces, stretch: Stretch) -> list[int]:
    """Return the times right before a stretch, without a hole: of its lap, of the last piece of
    the lap before if that is whole.
    """
    pieces = [done[stretch.first, part] for part in range(stretch.part)]
    earlier = [key for key in done if key[0] == stretch.first - 1]
    if earlier and done[max(earlier)].cut_s is None:
        pieces.insert(0, done[max(earlier)])
    return [pts for piece in pieces for pts in piece.pts]


def without_orphans(pieces: Collection[Segment]) -> dict[tuple[int, int], Segment]:
    """Return those pieces by key that lie behind all others of their laps."""
    kept: dict[tuple[int, int], Segment] = {}
    for piece in sorted(pieces, key=lambda piece: piece.key):
        earlier = kept.get((piece.index, piece.part - 1))
        if not piece.part or (earlier is not None and earlier.cut_s is not None):
            kept[piece.key] = piece
    return kept
