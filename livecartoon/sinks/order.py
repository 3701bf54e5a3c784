"""Packets of one stream in order of time, as every container wants them."""

from __future__ import annotations

from typing import TypeAlias

import av
import av.stream

Packet: TypeAlias = "av.Packet[av.stream.Stream]"


class InOrder:
    """Mends decoding times that go backwards; looks one packet ahead to know which one lies.

    A single time far ahead would else put all packets behind it too late, or be refused.
    """

    def __init__(self, *, may_repeat: bool) -> None:
        """`may_repeat`: two packets may have the same time."""
        self.mended = 0
        self._step = 0 if may_repeat else 1
        self._held: Packet | None = None
        self._free = 0
        """The earliest time that the held packet may have."""
        self._usual = 0
        """When it would come if it lasted as its forerunner says; both once one was let go."""
        self._has_last = False

    def __call__(self, packet: Packet | None) -> Packet | None:
        """Take the next packet, None at the end; return the one before it, which is fit now."""
        held, self._held = self._held, packet
        if held is None or held.dts is None:
            return held
        after = packet.dts if packet is not None else None
        latest = after - self._step if after is not None else held.dts
        is_room = not self._has_last or latest >= self._free
        if held.dts > latest and is_room:
            self._move(held, min(latest, self._usual) if self._has_last else latest)
        elif self._has_last and held.dts < self._free:
            self._move(held, self._usual)
        self._free = held.dts + self._step
        self._usual = held.dts + max(self._step, held.duration or 0)
        self._has_last = True
        return held

    def _move(self, packet: Packet, dts: int) -> None:
        assert packet.dts is not None
        shift = dts - packet.dts
        packet.dts = dts
        if packet.pts is not None:
            packet.pts += shift
        self.mended += 1
