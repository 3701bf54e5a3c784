"""The new file itself: container, tags, one video stream and the rest of the source."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import IO

import av
import av.container
import av.stream
import av.video.stream

from livecartoon.sinks.beside import Beside
from livecartoon.sinks.carrier import Carried, Carrier
from livecartoon.sinks.tracks import Ends, Packet

MAX_TIMESCALE = 2**31 - 1
#: What PyAV raises while writing, beside its own tree.
WRITE_ERRORS = (av.FFmpegError, OSError, ValueError)


class Muxer:
    """Opens the container at once; `add` its video stream, `start`, `mux`, then `close`.

    Errors are PyAV's own: the sinks around it know what they mean.
    """

    def __init__(
        self,
        target: Path | IO[bytes],
        name: str,
        time_base: Fraction,
        beside: Beside | None = None,
        *,
        is_fragmented: bool = False,
    ) -> None:
        self.name = name
        self.carrier: Carrier | None = None
        self._beside = beside or Beside()
        self._held: Packet | None = None
        self._ends = Ends()
        self._is_open = True
        options = muxer_options(name, time_base, self._beside.rest, is_fragmented)
        if self._beside.has_native_tags and name == "mov":
            options["movflags"] += "+use_metadata_tags"
        file = str(target.absolute()) if isinstance(target, Path) else target
        self.container = av.open(file, mode="w", format=name, container_options=options)

    def start(self, video: av.video.stream.VideoStream) -> None:
        """Add the rest of the source behind the stream `video` and write the header."""
        self._beside.describe(video)
        if self._beside.rest is not None:
            self.carrier = Carrier(self.container, self._beside.rest, self._beside.rules)
        self.container.metadata.update(self._beside.tags)
        self.container.start_encoding()
        if self.carrier is not None:
            self.carrier.start()

    def mux(self, packet: Packet) -> None:
        """Write one video packet; the last one is held until `close`."""
        if packet.pts is not None:
            self._ends.note(packet)
        held, self._held = self._held, packet
        if held is not None:
            self._mux_video(held)

    def _mux_video(self, packet: Packet) -> None:
        if self.carrier is not None and packet.dts is not None:
            self.carrier.advance(float(packet.dts * packet.time_base))
        self.container.mux_one(packet)

    def _mux_last(self) -> None:
        """Write the last packet so that the file ends when the last picture does.

        mp4 counts decoding times: behind B-frames its last packet is not the last picture.
        """
        if self._held is None:
            return
        if self.name in ("mp4", "mov"):
            self._held.duration = self._ends.last_duration(self._held)
        self._mux_video(self._held)
        self._held = None

    def close(self) -> None:
        """Add what is left of the rest and finish the file; twice is harmless."""
        if not self._is_open:
            return
        self._is_open = False
        self._mux_last()
        if self.carrier is not None:
            self.carrier.finish()
        self.container.close()

    def discard(self) -> None:
        """Release the file, whatever is in it."""
        self._is_open = False
        with suppress(*WRITE_ERRORS):
            self.container.close()


def muxer_options(
    name: str, time_base: Fraction, rest: Carried | None, is_fragmented: bool
) -> dict[str, str]:
    """Return the options that make the container `name` keep times in `time_base` exactly."""
    options = {"flush_packets": "1"} if is_fragmented else {}
    if name in ("matroska", "webm"):
        # Sound starts before zero where its codec needs a run-up; the muxer would move all.
        options["avoid_negative_ts"] = "disabled"
    if name not in ("mp4", "mov"):
        return options
    flags = "+frag_keyframe+empty_moov+default_base_moof" if is_fragmented else "+faststart"
    options["movflags"] = flags
    streams = rest.streams if rest else ()
    covers = rest.covers if rest else {}
    other = [s for s in streams if s.type == "video" and s.index not in covers]
    # One scale for all video tracks.
    scale = _whole(
        [time_base.denominator, *(s.time_base.denominator for s in other if s.time_base)]
    )
    if scale is not None:
        options["video_track_timescale"] = str(scale)
        # The edit list counts start offsets in this scale; its default is milliseconds.
        rates = [getattr(s, "rate", 0) for s in streams if s.type == "audio"]
        whole = _whole([scale, *(rate for rate in rates if rate)])
        options["movie_timescale"] = str(whole or scale)
    return options


def _whole(scales: list[int]) -> int | None:
    """Return a scale in which all are whole, else the first; None if even that is too fine."""
    whole = lcm(*scales)
    if whole <= MAX_TIMESCALE:
        return whole
    return scales[0] if scales[0] <= MAX_TIMESCALE else None
