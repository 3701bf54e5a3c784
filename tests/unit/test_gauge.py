"""Half seconds of a live run, on a clock that moves when told."""

from __future__ import annotations

import pytest

from livecartoon.jobs.live.gauge import MOST_KEPT, Batch, Gauge
from livecartoon.jobs.live.thinning import Thinner


@pytest.fixture
def gauge():
    gauge = Gauge(Batch(), Batch())
    gauge.restart(0.0, 0, 0)
    return gauge


def fill(
    gauge: Gauge, work_ms: list[float], latency_ms: list[float], fixed_ms: list[float] = ()
) -> None:
    for batch, values in zip(gauge._batches, (work_ms, latency_ms, fixed_ms), strict=True):
        for value in values:
            batch.add(value)


def test_window_when_half_a_second_is_over_then_has_ninetieth_percentiles(gauge):
    fill(gauge, [10.0] * 8 + [30.0] * 3, [*range(0, 110, 10)])
    window = gauge.window(0.5, 20, 5)
    assert window is not None
    assert (window.now_s, window.work_ms, window.latency_ms) == (0.5, 30.0, 90.0)
    assert window.dropped_share == 0.25


def test_window_when_part_of_the_work_is_the_same_at_every_level_then_has_its_median(gauge):
    fill(gauge, [10.0, 11.0, 30.0], [20.0], [4.0, 5.0, 25.0])
    window = gauge.window(0.5, 20, 5)
    assert window is not None
    assert window.fixed_ms == 5.0


def test_window_before_half_a_second_is_over_then_none_and_nothing_is_lost(gauge):
    fill(gauge, [10.0], [20.0])
    assert gauge.window(0.4, 9, 0) is None
    window = gauge.window(0.6, 18, 0)
    assert window is not None
    assert window.work_ms == 10.0


def test_window_when_nothing_was_drawn_then_it_goes_on(gauge):
    assert gauge.window(3.0, 90, 0) is None
    fill(gauge, [700.0], [900.0])
    window = gauge.window(3.1, 93, 93)
    assert window is not None
    assert window.dropped_share == 1.0


def test_window_after_one_counts_anew(gauge):
    fill(gauge, [10.0], [20.0])
    assert gauge.window(0.5, 15, 15) is not None
    fill(gauge, [11.0], [21.0])
    second = gauge.window(1.0, 30, 15)
    assert second is not None
    assert (second.work_ms, second.dropped_share) == (11.0, 0.0)


def test_restart_then_forgets_what_was_measured(gauge):
    fill(gauge, [500.0], [500.0])
    gauge.restart(1.0, 30, 10)
    fill(gauge, [10.0], [20.0])
    window = gauge.window(1.5, 45, 10)
    assert window is not None
    assert (window.work_ms, window.latency_ms, window.dropped_share) == (10.0, 20.0, 0.0)


def test_batch_when_nobody_takes_then_keeps_the_newest_only():
    batch = Batch()
    for value in range(MOST_KEPT + 5):
        batch.add(value)
    assert batch.take() == list(range(5, MOST_KEPT + 5))
    assert batch.take() == []


def passed(times_s: list[float], most_fps: float | None) -> list[int]:
    thinner = Thinner()
    return [n for n, now_s in enumerate(times_s) if thinner(now_s, most_fps)]


def test_thinner_when_rate_is_halved_then_every_second_frame_despite_jitter():
    times_s = [n / 30 + 0.004 * (-1) ** (n // 2) for n in range(40)]
    assert passed(times_s, 15.0) == list(range(0, 40, 2))


def test_thinner_without_a_rate_then_all():
    assert passed([0.0, 0.001, 0.002], None) == [0, 1, 2]


def test_thinner_after_a_gap_then_makes_nothing_up():
    times_s = [0.0, 0.1, 5.0, 5.01, 5.02, 5.1]
    assert passed(times_s, 10.0) == [0, 1, 2, 5]
