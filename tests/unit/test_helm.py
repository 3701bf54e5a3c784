"""The governor at the helm of a live run with toy engines and a clock that moves when told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from livecartoon.governor import Level
from livecartoon.jobs.live.gauge import Batch, Gauge
from livecartoon.jobs.live.helm import Helm, Moment
from livecartoon.jobs.live.levels import Ladder, Rung
from livecartoon.jobs.live.steering import Steering
from livecartoon.jobs.live.styling import StyleKey, StyleShelf
from tests.live import LIMIT_S, ToyShop

HIGH = Rung(Level(720), "auto", "720p")
MIDDLE = Rung(Level(360), "auto", "360p")
LOW = Rung(Level(360, is_smaller_tier=True), "nano", "360p")
LADDER = Ladder((HIGH, MIDDLE, LOW), 1)
KEY = StyleKey("copy")


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
        self.savings: list[str] = []
        """What the anti-flicker can still do without."""
        self.saved: list[str] = []
        self.helm = Helm(
            Steering(30.0, 100.0),
            Gauge(self.work, self.latency),
            self.shelf,
            lambda *_: LADDER,
            self.builder,
            (64, 36),
            lambda: bool(self.savings) and not self.saved.append(self.savings.pop()),
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
        end_s = time.monotonic() + LIMIT_S
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


def test_helm_after_a_switch_opens_nothing_beside_before_the_new_style_is_measured(run_of):
    run = run_of()
    run.helm.steering.is_on = False  # no levels: the styles beside come first
    run.until(lambda: run.helm.steering.is_at_ease and run.now_s > 3, 10.0)
    run.wished = StyleKey("invert")
    run.shelf.wish(run.wished)
    run.until(lambda: run.on_stage == run.wished, 10.0)
    run.beside = (StyleKey("other"),)
    for _ in range(40):  # four seconds, in which the new style takes nearly all there is
        run.step(29.0)
        time.sleep(0.01)
    assert "other" not in [made.style for made in run.shop.made]


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


def test_helm_before_the_rate_is_halved_then_the_camera_is_followed_no_longer(run_of):
    run = run_of()
    run.savings = ["flow"]
    run.until(lambda: run.rung == LOW, 40.0)
    assert run.saved == []
    run.until(lambda: bool(run.saved), 40.0)
    assert not run.helm.steering.is_too_slow
    for _ in range(30):
        run.step(20.0)
    assert not run.helm.steering.is_too_slow
    assert not any("TOO SLOW" in text for text in run.told)
    run.until(lambda: run.helm.steering.is_too_slow, 40.0)  # there is nothing more to give up


def test_helm_when_warming_up_took_too_long_then_begins_at_the_level_below(run_of):
    run = run_of()
    run.shop.delay_s = 0.025  # of 33 ms; levels that are not typed take no time
    run.builder.is_busy = True  # no window is judged before the level below is open
    run.until(lambda: run.rung == LOW, 5.0)
    (text,) = run.told
    assert text.startswith("level 360p nano: ")
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


def test_helm_when_the_level_above_cannot_be_built_then_goes_on_where_it_is(run_of):
    run = run_of(lambda key, *_: key.rung != HIGH, can_build=False)
    run.until(lambda: bool(run.builder.asked), 2.0)
    run.until(lambda: run.helm.steering.rung is None, 2.0)
    run.until(lambda: run.rung == LOW, 40.0)  # it still looks, and steps down where it must
    assert run.rung == LOW


def test_helm_when_closed_stops_the_build(run_of):
    run = run_of()
    run.helm.close()
    assert run.builder.is_closed
