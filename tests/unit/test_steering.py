"""The governor on the levels of a style, fed with windows."""

from __future__ import annotations

from livecartoon.governor import Level, Window
from livecartoon.jobs.live.levels import Ladder, Rung
from livecartoon.jobs.live.steering import Steering
from livecartoon.jobs.live.styling import StyleKey

HIGH = Rung(Level(720), "auto", "720p")
MIDDLE = Rung(Level(360), "auto", "360p")
LOW = Rung(Level(360, is_smaller_tier=True), "nano", "360p")
LADDER = Ladder((HIGH, MIDDLE, LOW), 1)
KEY = StyleKey("copy")


def window(now_s: float, work_ms: float) -> Window:
    return Window(now_s, work_ms, 20.0, 0.0)


def steered(ladder: Ladder = LADDER) -> Steering:
    steering = Steering(30.0, 100.0)
    steering.climb(ladder)
    return steering


def slow(steering: Steering, windows: int, start_s: float = 0.0) -> None:
    for number in range(windows):
        steering.feed(window(start_s + number / 2, 40.0))


def test_steering_before_a_ladder_stays_at_what_was_typed():
    steering = Steering(30.0, 100.0)
    assert steering.rung is None
    assert steering.feed(window(1.0, 900.0)) is None
    assert (steering.name, steering.spares) == ("", [])
    assert steering.is_pressed


def test_steering_without_a_ladder_begins_as_typed():
    steering = Steering(30.0, 100.0)
    assert steering.start(900.0) is None
    assert not steering.is_starting
    assert not steering.is_at_ease  # nothing has been measured yet
    steering.feed(window(1.0, 20.0))
    assert steering.is_at_ease


def test_steering_begins_where_auto_stands():
    steering = steered()
    assert steering.rung is None
    assert steering.name == "360p"
    assert steering.spares == [LOW]


def test_steering_when_slow_then_the_level_below_and_back_when_idle():
    steering = steered()
    slow(steering, 2)
    assert (steering.rung, steering.name, steering.changes) == (LOW, "360p nano", 1)
    for number in range(40):
        steering.feed(window(20 + number / 2, 8.0))
    assert steering.changes == 3
    assert steering.rung == HIGH


def test_steering_when_the_higher_level_has_four_times_the_pixels_then_needs_room_for_them():
    steering = steered()
    for number in range(60):
        steering.feed(window(number / 2, 14.0))
    assert steering.rung is None


def test_steering_when_the_lowest_is_too_slow_then_halves_the_rate_once():
    steering = steered()
    slow(steering, 4)
    assert steering.is_too_slow
    assert steering.most_fps == 15.0
    assert steering.changes == 1


def test_steering_begins_where_warming_up_fits():
    steering = steered()
    assert steering.start(24.0).level == LOW.level
    assert (steering.rung, steering.changes, steering.is_starting) == (LOW, 1, False)


def test_steering_hears_of_warming_up_once_only():
    steering = steered(Ladder((HIGH, MIDDLE, LOW), 0))
    assert steering.start(99.0).level == MIDDLE.level
    assert steering.start(99.0) is None
    assert steering.rung == MIDDLE


def test_steering_once_a_level_has_been_judged_hears_no_more_of_warming_up():
    steering = steered()
    steering.feed(window(1.0, 20.0))
    assert steering.start(99.0) is None
    assert steering.rung is None


def test_steering_when_switched_off_begins_where_auto_stands():
    steering = steered()
    steering.is_on = False
    assert steering.start(99.0) is None
    assert (steering.rung, steering.is_starting) == (None, False)


def test_steering_when_switched_off_then_stays_and_takes_all_frames():
    steering = steered()
    slow(steering, 4)
    steering.is_on = False
    assert not steering.is_too_slow
    assert steering.most_fps == 30.0
    slow(steering, 4, 10.0)
    assert steering.rung == LOW
    assert steering.spares == []


def test_steering_of_another_style_goes_on_at_the_same_level():
    steering = steered()
    slow(steering, 2)
    steering.climb(Ladder((MIDDLE, LOW), 0))
    assert steering.rung == LOW
    steering.climb(Ladder((MIDDLE,), 0))
    assert steering.rung is None


def test_steering_without_an_engine_for_a_level_ends_above_it():
    steering = steered()
    slow(steering, 2)
    steering.give_up(LOW)
    assert steering.rung is None
    slow(steering, 2, 5.0)
    assert steering.is_too_slow
    assert steering.spares == []


def test_steering_counts_the_time_of_each_level():
    steering = steered()
    steering.spend(1.5, None)
    slow(steering, 2)
    assert steering.shown == "360p"  # until its engine is there
    steering.spend(0.5, LOW)
    steering.spend(0.25, LOW)
    assert [(t.size, t.seconds) for t in steering.times] == [("360p", 1.5), ("360p nano", 0.75)]


def test_steering_without_an_engine_for_the_level_above_goes_back_and_keeps_those_below():
    steering = steered()
    for number in range(8):
        steering.feed(window(number / 2, 5.0))
    assert steering.rung == HIGH
    steering.give_up(HIGH)
    assert steering.rung is None
    assert steering.spares == [LOW]
    for number in range(700):
        steering.feed(window(10 + number / 2, 5.0))
    assert steering.rung is None
