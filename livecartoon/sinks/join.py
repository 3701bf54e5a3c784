"""Closed pieces put behind each other, packet by packet, with the rest of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import av
import av.container
import av.video.stream

from livecartoon.errors import LivecartoonError, OutputError
from livecartoon.sinks.beside import Beside
from livecartoon.sinks.carrier import Carrier
from livecartoon.sinks.encoder import container_of
from livecartoon.sinks.failure import output_error
from livecartoon.sinks.laps import Segment
from livecartoon.sinks.muxer import WRITE_ERRORS, Muxer
from livecartoon.sinks.tracks import Packet


class Joiner:
    """Writes `path` from the pieces in `folder`; times come from the journal, to the tick.

    Decoding times are made anew for the whole film: those of two encoders may overlap where
    the frame rate varies.
    """

    def __init__(
        self,
        path: Path,
        folder: Path,
        pieces: Sequence[Segment],
        tick: Fraction,
        shift_s: Fraction = Fraction(0),
    ) -> None:
        """`tick` is the time base of the pieces, `shift_s` what is taken off their times."""
        self._path = path
        self._folder = folder
        self._pieces = [piece for piece in pieces if piece.pts]
        self._tick = tick
        self._depth = max((piece.depth for piece in self._pieces), default=0)
        shift = round(shift_s / tick)
        self._pts = _increasing([pts - shift for piece in self._pieces for pts in piece.pts])
        self._durations = [d for piece in self._pieces for d in piece.durations]

    def write(self, beside: Beside) -> Carrier | None:
        """Write the file and return what became of the rest of the source."""
        name = container_of(self._path)
        try:
            muxer = Muxer(self._path, name, self._tick, beside)
        except WRITE_ERRORS as error:
            self._raise(error)
        try:
            self._fill(muxer)
        except (LivecartoonError, *WRITE_ERRORS) as error:
            muxer.discard()
            self._raise(error)
        return muxer.carrier

    def _fill(self, muxer: Muxer) -> None:
        stream: av.video.stream.VideoStream | None = None
        header: bytes | None = None
        done = 0
        for piece in self._pieces:
            name = (self._folder / piece.file).absolute()
            with av.open(f"file:{name}", options={"protocol_whitelist": "file"}) as opened:
                source = opened.streams.video[0]
                own = bytes(source.codec_context.extradata or b"")
                if stream is None:
                    stream = muxer.container.add_stream_from_template(source, opaque=True)
                    stream.time_base = self._tick
                    if source.codec_context.codec_tag == "hvc1" and muxer.name in ("mp4", "mov"):
                        stream.codec_context.codec_tag = "hvc1"  # the template forgets it
                    header = own
                    muxer.start(stream)
                elif own != header:
                    raise OutputError(
                        "E405",
                        f"{piece.file} has other codec headers than the pieces before it",
                        "--no-resume starts over",
                    )
                for packet in self._timed(opened, source, piece, done):
                    packet.stream = stream
                    muxer.mux(packet)
                done += len(piece.pts)
        muxer.close()

    def _timed(
        self,
        opened: av.container.InputContainer,
        source: av.video.stream.VideoStream,
        piece: Segment,
        done: int,
    ) -> Iterator[Packet]:
        """Give the packets of one piece, in the order stored, the times of their pictures."""
        stored = [packet.pts or 0 for packet in opened.demux(source) if packet.size]
        if len(stored) != len(piece.pts):
            raise OutputError(
                "E405",
                f"{piece.file} holds {len(stored)} pictures, not {len(piece.pts)}",
                "--no-resume starts over",
            )
        ranks = {pts: rank for rank, pts in enumerate(sorted(stored))}
        opened.seek(0, stream=source)
        found: Iterator[Packet] = opened.demux(source)  # type: ignore[assignment]  # of any stream
        packets = (packet for packet in found if packet.size)
        for place, packet in enumerate(packets):
            picture = done + (ranks[packet.pts or 0] if self._depth else place)
            packet.time_base = self._tick
            packet.pts = self._pts[picture]
            packet.dts = self._dts(done + place)
            packet.duration = self._durations[picture]
            yield packet

    def _dts(self, place: int) -> int:
        early = place - self._depth
        return self._pts[early] if early >= 0 else self._pts[0] + early

    def _raise(self, error: Exception) -> NoReturn:
        if isinstance(error, LivecartoonError):
            raise error
        raise output_error(self._path, "the joined video", error) from error


def _increasing(times: list[int]) -> list[int]:
    """Push times that do not increase where two pieces meet (AVI rounds to whole frames)."""
    for place in range(1, len(times)):
        times[place] = max(times[place], times[place - 1] + 1)
    return times
