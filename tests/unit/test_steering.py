"""The governor at the helm of a live run with toy engines and a clock that moves when told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from livecartoon.governor import Level, Window
from livecartoon.jobs.live.gauge import Batch, Gauge
from livecartoon.jobs.live.helm import Helm, Moment
from livecartoon.jobs.live.levels import Ladder, Rung
from livecartoon.jobs.live.steering import Steering
from livecartoon.jobs.live.styling import StyleKey, StyleShelf
from tests.live import ToyShop

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


@dataclass
class ToyBuilder:
    """Notes what it was asked to build; `can` says whether it can."""

    can: bool = True
    asked: list[StyleKey] = field(default_factory=list)
    is_closed: bool = False
    is_busy: bool = False

    def start(self, key: StyleKey, width: int, height: int) -> bool:
        self.asked.append(key)
        return self.can

    def close(self) -> None:
        self.is_closed = True


class Run:
    """A main loop without pictures: what is wished is on stage as soon as the shelf has it."""

    def __init__(self, is_ready: Callable[..., bool] | None = None, *, can_build=True) -> None:
        self.shop, self.builder = ToyShop(), ToyBuilder(can_build)
        self.shelf = StyleShelf(self.shop, 64, 36, is_ready)
        self.work, self.latency = Batch(), Batch()
        self.helm = Helm(
            Steering(30.0, 100.0),
            Gauge(self.work, self.latency),
            self.shelf,
            lambda *_: LADDER,
            self.builder,
            (64, 36),
        )
        self.now_s, self.frames = 0.0, 0
        self.wished, self.on_stage = KEY, None
        self.told: list[str] = []
        self.beside: tuple[StyleKey, ...] = ()
        self.shelf.wish(KEY)

    def step(self, work_ms: float) -> None:
        """A tenth of a second with three pictures."""
        self.now_s += 0.1
        self.frames += 3
        if (prepared := self.shelf.take()) is not None:
            self.on_stage = prepared.key
        for _ in range(3):
            self.work.add(work_ms)
            self.latency.add(work_ms)
        seen = Moment(self.now_s, self.wished, self.on_stage, self.frames, 0, False, self.beside)
        text = self.helm.follow(seen)
        self.told += [text] if text else []
        if (key := self.helm.next_wish(self.wished)) is not None:
            self.wished = key
            self.shelf.wish(key)

    def until(self, is_reached: Callable[[], bool], work_ms: float) -> None:
        end_s = time.monotonic() + 5
        while not is_reached():
            self.step(work_ms)
            time.sleep(0.01)
            assert time.monotonic() < end_s, (self.on_stage, self.told)

    @property
    def rung(self) -> Rung | None:
        return self.on_stage.rung if self.on_stage else None


@pytest.fixture
def run_of():
    runs: list[Run] = []

    def make(*args, **named) -> Run:
        runs.append(Run(*args, **named))
        return runs[-1]

    yield make
    for run in runs:
        run.shelf.close()


def test_helm_opens_the_level_below_before_it_is_needed(run_of):
    run = run_of()
    run.until(lambda: run.shelf.holds(replace(KEY, rung=LOW)), 10.0)
    assert run.on_stage == KEY
    assert run.told == []


def test_helm_opens_the_styles_beside_after_the_level_below(run_of):
    run = run_of()
    run.beside = (StyleKey("invert"), StyleKey("other"))
    run.until(lambda: all(run.shelf.holds(key) for key in run.beside), 10.0)
    assert [made.style for made in run.shop.made] == ["copy", "copy", "invert", "other"]
    assert run.on_stage == KEY


def test_helm_when_pressed_then_opens_no_styles_beside(run_of):
    run = run_of()
    run.beside = (StyleKey("invert"),)
    run.until(lambda: run.now_s > 6, 27.0)
    assert not run.shelf.holds(StyleKey("invert"))


def test_helm_leaves_styles_out_that_were_never_built_or_cannot_be(run_of):
    run = run_of(lambda key, *_: key.style != "invert")
    run.beside = (StyleKey("invert"), StyleKey("broken"), StyleKey("other"))

    def is_done() -> bool:
        if (failure := run.shelf.failure()) is not None:
            run.helm.refuse(failure[0])
        return run.shelf.holds(StyleKey("other"))

    run.until(is_done, 10.0)
    assert run.builder.asked == []
    assert run.helm.steering.rung is None


def test_helm_when_slow_then_puts_the_level_below_on_stage_and_says_why(run_of):
    run = run_of()
    run.until(lambda: run.rung == LOW, 40.0)
    assert run.told == ["level 360p nano: 40 ms a frame, 33 ms there are"]
    assert run.helm.steering.changes == 1


def test_helm_when_the_lowest_is_too_slow_then_gives_advice(run_of):
    run = run_of()
    run.until(lambda: len(run.told) == 2, 40.0)
    assert run.told[1].startswith("TOO SLOW: 40 ms a frame")
    assert "livecartoon optimize" in run.told[1]


def test_helm_when_warming_up_took_too_long_then_begins_at_the_level_below(run_of):
    run = run_of()
    run.shop.delay_s = 0.025  # of 33 ms; levels that are not typed take no time
    run.builder.is_busy = True  # no window is judged before the level below is open
    run.until(lambda: run.rung == LOW, 5.0)
    (text,) = run.told
    assert text.startswith("level 360p nano: 2")
    assert "when warming up" in text
    assert run.helm.steering.times[0].size == "360p"
    run.until(lambda: run.now_s > 3, 20.0)
    assert run.rung == LOW


def test_helm_when_the_level_below_was_never_built_then_begins_where_auto_stands(run_of):
    run = run_of(lambda key, *_: key.rung != LOW)
    run.shop.delay_s = 0.025
    run.until(lambda: run.now_s > 4, 22.0)
    assert run.rung is None
    assert (run.told, run.builder.asked) == ([], [])


def test_helm_while_an_engine_is_opened_measures_nothing(run_of):
    run = run_of()
    run.until(lambda: run.on_stage == KEY, 10.0)
    run.shelf._is_opening = True
    for _ in range(30):
        run.step(40.0)
    assert run.told == []


def test_helm_while_an_engine_is_built_measures_nothing(run_of):
    run = run_of(lambda key, *_: key.rung != LOW)
    run.until(lambda: run.on_stage == KEY, 10.0)
    run.builder.is_busy = True
    for _ in range(30):
        run.step(40.0)
    assert run.told == []


def test_helm_when_an_engine_was_never_built_then_builds_it_beside_and_goes_on(run_of):
    built: list[StyleKey] = []
    run = run_of(lambda key, *_: key.rung != LOW or key in built)
    run.until(lambda: bool(run.builder.asked), 40.0)
    assert run.rung is None
    run.until(lambda: any("building level 360p nano, once" in text for text in run.told), 40.0)
    assert {time.size for time in run.helm.steering.times} == {"360p"}
    built.append(run.builder.asked[0])
    run.until(lambda: run.rung == LOW, 40.0)


def test_helm_while_there_is_room_then_builds_nothing(run_of):
    run = run_of(lambda key, *_: key.rung != LOW)
    run.until(lambda: run.now_s > 6, 10.0)
    assert run.builder.asked == []


def test_helm_when_a_level_cannot_be_built_then_stays_and_says_too_slow(run_of):
    run = run_of(lambda key, *_: key.rung != LOW, can_build=False)
    run.until(lambda: run.helm.steering.is_too_slow, 40.0)
    assert run.rung is None
    assert run.told[-1].startswith("TOO SLOW")


def test_helm_when_closed_stops_the_build(run_of):
    run = run_of()
    run.helm.close()
    assert run.builder.is_closed
