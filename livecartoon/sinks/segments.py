"""Pieces of a film encoded one by one: closed pieces survive whatever ends the run."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import av
import av.codec
import numpy as np

from livecartoon.errors import LivecartoonError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.base import Sink
from livecartoon.sinks.encoder import EncoderSettings, container_of, encoder_of
from livecartoon.sinks.failure import output_error
from livecartoon.sinks.laps import Laps, Segment, Stretch
from livecartoon.sinks.muxer import WRITE_ERRORS, Muxer
from livecartoon.sinks.tracks import Packet
from livecartoon.sinks.video import VideoEncoder, tick_of
from livecartoon.sources.base import VideoInfo

log = logging.getLogger(__name__)
#: Brightness of RGB in 1/256.
LUMA = np.array([77, 150, 29])
#: Containers for pieces, best first: mp4 keeps any time base, Matroska rounds to milliseconds.
PIECE_FORMATS = {"mp4": "mp4", "mov": "mov", "matroska": "mkv", "avi": "avi"}


class SegmentSink(Sink):
    """Writes the laps of a stretch as files in `folder`, told of when closed."""

    def __init__(
        self,
        folder: Path,
        path: Path,
        info: VideoInfo,
        settings: EncoderSettings,
        laps: Laps,
        on_closed: Callable[[Segment], None],
        stretch: Stretch,
    ) -> None:
        """`path` names the final file, whose container the encoder has to suit."""
        self.frames = 0
        self.last_lap: int | None = None
        """The last lap a frame was written to."""
        self._folder = folder
        self._path = path
        self._name = container_of(path)
        self._info = info
        self._settings = settings
        self._laps = laps
        self._on_closed = on_closed
        self._next = stretch.first
        """The first lap that is not closed yet."""
        self._stretch = stretch
        self._begins_s = stretch.begins(laps)
        self._piece: _Piece | None = None
        self._encoder = encoder_of(settings.codec, self._name)
        self._format = piece_format(self._encoder, self._name)

    def write(self, frame: Frame) -> None:
        """Encode one frame; those of the run-up before the stretch are passed over."""
        at_s = frame.pts * frame.time_base
        lap = self._laps.of(at_s)
        if self._is_outside(lap, at_s):
            return
        try:
            if self._piece is None or self._piece.index != lap:
                self._close_until(lap)
                self._piece = self._open(lap)
            self._piece.write(frame)
            self.last_lap = lap
        except (LivecartoonError, *WRITE_ERRORS) as error:
            self._raise(error)
        self.frames += 1

    def _is_outside(self, lap: int, at_s: Fraction) -> bool:
        """Whether a frame is of the run-up, or behind the last lap."""
        first, end = self._stretch.first, self._stretch.end
        is_early = lap < first or (self._stretch.part > 0 and at_s < self._begins_s)
        return is_early or (end is not None and lap >= end)

    def _part_of(self, lap: int) -> int:
        return self._stretch.part if lap == self._stretch.first else 0

    def _open(self, lap: int) -> _Piece:
        part = self._part_of(lap)
        name = f"seg-{lap:05}-{part}" if part else f"seg-{lap:05}"
        path = self._folder / f"{name}.{PIECE_FORMATS[self._format]}"
        return _Piece((lap, part), path, self._format, self._name, self._info, self._settings)

    def _close_until(self, lap: int) -> None:
        """Close the open piece and note, as one, that laps without a picture are empty."""
        piece, self._piece = self._piece, None
        if piece is not None:
            self._on_closed(piece.close())
            self._next = piece.index + 1
        if lap > self._next:
            part = self._part_of(self._next)
            self._on_closed(Segment(self._next, lap - 1, "", "", (), (), 0, part=part))
            self._next = lap

    def close(self) -> None:
        """Close the last piece."""
        try:
            self._close_until(self._next if self._stretch.end is None else self._stretch.end)
        except (LivecartoonError, *WRITE_ERRORS) as error:
            self._raise(error)

    def cut(self, within_s: float) -> None:
        """End the open piece behind its last frame: the lap can be gone on with from there.

        After `within_s` seconds what is coded by then is kept, without a frame missing in
        between. What cannot be kept is thrown away.
        """
        piece = self._piece
        if piece is None:
            return
        try:
            made = piece.cut(within_s)
            self._piece = None
            if made is None:
                piece.discard()
            else:
                self._on_closed(made)
        except (LivecartoonError, *WRITE_ERRORS) as error:
            log.debug("piece %d could not be kept: %s", piece.index, error)
            self.abort()

    def abort(self) -> None:
        """Throw the open piece away; the closed ones stay."""
        piece, self._piece = self._piece, None
        if piece is not None:
            piece.discard()

    def _raise(self, error: Exception) -> NoReturn:
        self.abort()
        if isinstance(error, LivecartoonError):
            raise error
        raise output_error(self._path, self._encoder, error) from error


class _Piece:
    """One lap, or what is missing of it, on its way into one file."""

    def __init__(
        self,
        key: tuple[int, int],
        path: Path,
        piece: str,
        name: str,
        info: VideoInfo,
        settings: EncoderSettings,
    ) -> None:
        self.index, self._part_number = key
        self._path = path
        self._part = path.with_name(f"{path.stem}.part")
        self._times: list[tuple[int, int]] = []
        self._ends_s: list[Fraction] = []
        """The earliest time the frame behind each one can have."""
        self._order: list[int] = []
        self._span = 0
        self._muxer = Muxer(self._part, piece, tick_of(info, name))
        try:
            container = self._muxer.container
            self._video = VideoEncoder(container, name, info, settings, from_zero=True)
            self._muxer.start(self._video.stream)
        except (LivecartoonError, *WRITE_ERRORS):
            self.discard()
            raise

    def write(self, frame: Frame) -> None:
        self._video.check(frame)
        if not self._times:
            self._span = span_of(frame.pixels)
        self._mux(self._video.encode(frame))
        assert self._video.last_pts is not None
        self._times.append((self._video.last_pts, self._video.last_duration))
        self._ends_s.append((frame.pts + 1) * frame.time_base)

    def _mux(self, packets: list[Packet]) -> None:
        for packet in packets:
            self._order.append(packet.pts or 0)
            self._muxer.mux(packet)

    def close(self) -> Segment:
        """Finish the file and return what it holds."""
        self._mux(self._video.flush())
        return self._closed(len(self._times), None)

    def cut(self, within_s: float) -> Segment | None:
        """Finish the file with the frames that are coded in time; None if there are none."""
        deadline_s = time.monotonic() + within_s
        shown = [pts - self._times[0][0] for pts, _ in self._times]
        waiting: list[Packet] = []
        kept = 0
        for packet in self._video.flush_one_by_one():
            waiting.append(packet)
            count = len(self._order) + len(waiting)
            latest = max(*self._order, *(p.pts or 0 for p in waiting), 0)
            if [latest] == shown[count - 1 : count]:  # no picture before it is missing
                self._mux(waiting)
                waiting, kept = [], count
            if time.monotonic() > deadline_s:
                break
        else:
            self._mux(waiting)
            kept = len(self._times)  # also of an encoder that holds nothing back
        return self._closed(kept, self._ends_s[kept - 1]) if kept else None

    def _closed(self, count: int, cut_s: Fraction | None) -> Segment:
        self._muxer.close()
        digest = synced_hash(self._part)
        self._part.replace(self._path)
        return Segment(
            index=self.index,
            last=self.index,
            file=self._path.name,
            sha256=digest,
            pts=tuple(pts for pts, _ in self._times[:count]),
            durations=tuple(duration for _, duration in self._times[:count]),
            depth=reorder_depth(self._order),
            moved=self._video.moved,
            span=self._span,
            part=self._part_number,
            cut_s=cut_s,
        )

    def discard(self) -> None:
        self._muxer.discard()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def span_of(pixels: Pixels) -> int:
    """Return how far apart the darkest and the brightest of every fourth pixel are, 0..255."""
    return int(np.ptp(pixels[::4, ::4] @ LUMA)) >> 8


def piece_format(encoder: str, muxer: str) -> str:
    """Return the container that keeps the times of this encoder's packets best."""
    if muxer == "avi":
        return muxer  # its packets look different from those in mp4, and count whole frames
    try:
        codec = av.codec.Codec(encoder, "w").canonical_name
    except ValueError:
        return "matroska"  # there is none of that name; opening it will say so
    for name in PIECE_FORMATS:
        with av.open(io.BytesIO(), "w", format=name) as container:
            if codec in container.supported_codecs:
                return name
    return "matroska"


def reorder_depth(order: list[int]) -> int:
    """Return by how many places a packet comes earlier than in order of presentation."""
    rank = {pts: place for place, pts in enumerate(sorted(order))}
    return max((place - rank[pts] for place, pts in enumerate(order)), default=0)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synced_hash(path: Path) -> str:
    """Push a file to the disk and return its SHA-256."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return file_hash(path)
