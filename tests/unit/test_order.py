from fractions import Fraction

import av
import pytest

from livecartoon.sinks.order import InOrder


def packets(times, late=0):
    made = []
    for dts in times:
        packet = av.Packet(b"x")
        packet.dts, packet.duration, packet.time_base = dts, 20, Fraction(1, 1000)
        packet.pts = None if dts is None else dts + late
        made.append(packet)
    return made


def ordered(times, *, may_repeat=False, late=0):
    order = InOrder(may_repeat=may_repeat)
    found = [order(packet) for packet in [*packets(times, late), None]]
    assert found[0] is None
    assert all(p.pts is None or p.pts == p.dts + late for p in found[1:])
    return [packet.dts for packet in found[1:]], order.mended


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ([0, 20, 4000, 60, 80], [0, 20, 40, 60, 80]),
        ([4000, 20, 40], [19, 20, 40]),
        ([0, 20, 40, 9000], [0, 20, 40, 9000]),
        ([0, 20, 40, 10, 80], [0, 20, 40, 60, 80]),
        ([0, 20, 20, 40], [0, 19, 20, 40]),
        ([500, 520, 0, 20, 40], [500, 520, 540, 560, 580]),
        ([0, None, 40], [0, None, 40]),
    ],
)
def test_order_when_a_time_lies_then_it_is_mended_and_the_others_stay(times, wanted):
    found, mended = ordered(times, late=7)
    assert found == wanted
    assert mended == sum(was != now for was, now in zip(times, wanted, strict=True))


def test_order_when_times_may_repeat_then_they_stay():
    assert ordered([0, 0, 20, 20], may_repeat=True) == ([0, 0, 20, 20], 0)
