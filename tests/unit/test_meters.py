from __future__ import annotations

import pytest

from livecartoon.jobs.live.meters import Growth, LatencyMeter, RateMeter


def test_rate_over_the_run_is_intervals_by_time():
    meter = RateMeter()
    for index in range(31):
        meter.tick(10 + index / 30)
    assert meter.count == 31
    assert meter.overall() == pytest.approx(30)
    assert meter.recent(11) == pytest.approx(30)


def test_recent_rate_forgets_after_two_seconds():
    meter = RateMeter()
    for index in range(10):
        meter.tick(index / 10)
    assert meter.recent(5) == 0.0


def test_rate_of_nothing_is_zero():
    assert RateMeter().overall() == 0.0
    assert RateMeter().recent(1) == 0.0


def test_latency_summary_has_percentiles_and_the_maximum():
    meter = LatencyMeter()
    for value in range(101):
        meter.add(value)
    assert meter.summary() == {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert meter.recent() == 93


def test_latency_lately_is_of_the_last_ten_seconds():
    meter = LatencyMeter()
    for value in (*[5000] * 50, *range(300)):
        meter.add(value)
    assert meter.lately() == pytest.approx((149.5, 284.05, 296.01))


def test_latency_of_nothing_is_none():
    assert set(LatencyMeter().summary().values()) == {None}
    assert LatencyMeter().lately() == (0, 0, 0)
    assert LatencyMeter().recent() == 0.0


def test_latency_maximum_outlives_the_bounded_memory():
    meter = LatencyMeter()
    meter.add(500)
    for _ in range(9000):
        meter.add(1)
    assert meter.summary() == {"p50": 1, "p95": 1, "p99": 1, "max": 500}


def test_growth_is_since_the_fifth_last_look():
    growth = Growth()
    answers = [growth(10 * look, look) for look in range(7)]
    assert answers[0] == (0, 0)
    assert answers[4] == answers[6] == (40, 4)
