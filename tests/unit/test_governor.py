"""The latency governor on a clock that moves when told."""

import numpy as np
import pytest

from livecartoon.errors import UsageError
from livecartoon.governor import (
    BARRED_S,
    UP_WINDOWS,
    WINDOW_S,
    Governor,
    Level,
    Window,
    ladder_of,
)

BUDGET_MS = 1000 / 30


class Machine:
    """Windows in which the work takes a share of the budget that depends on the level.

    `fixed` is the part of it that is the same at every level, `load` makes everything slower.
    """

    def __init__(
        self, governor: Governor, share_at: dict[int, float] | float, fixed: float = 0.0
    ) -> None:
        self.governor, self.share_at, self.fixed, self.now_s = governor, share_at, fixed, 0.0
        self.latency_ms, self.dropped, self.load = 20.0, 0.0, 1.0
        self.changes: list[tuple[float, int]] = []

    def run(self, windows: int) -> None:
        for _ in range(windows):
            self.now_s += WINDOW_S
            share = self.share_at
            if isinstance(share, dict):
                share = share[self.governor.level.short_side]
            work_ms, fixed_ms = (part * self.load * BUDGET_MS for part in (share, self.fixed))
            window = Window(self.now_s, work_ms, self.latency_ms, self.dropped, fixed_ms)
            if self.governor.feed(window) is not None:
                self.changes.append((self.now_s, self.governor.level.short_side))

    def run_loaded(self, seconds: float, load: float) -> None:
        """So many seconds of something else on the same machine."""
        self.load = load
        self.run(int(seconds / WINDOW_S))
        self.load = 1.0

    @property
    def place(self) -> tuple[int, bool]:
        return self.governor.number, self.governor.is_too_slow


def governed(number: int = 0, sides=(720, 540, 360), **more) -> Governor:
    return Governor([Level(side) for side in sides], 30.0, 100.0, number, **more)


def test_ladder_when_source_is_720_then_nothing_above_it_and_the_tier_changes_at_360():
    assert ladder_of(720, has_smaller_tier=True) == [
        Level(720),
        Level(540),
        Level(432),
        Level(360),
        Level(360, is_smaller_tier=True),
        Level(288, is_smaller_tier=True),
        Level(240, is_smaller_tier=True),
        Level(180, is_smaller_tier=True),
    ]


@pytest.mark.parametrize(("source", "sides"), [(480, (480, 240)), (180, (180,))])
def test_ladder_when_360_is_not_covered_then_the_tier_changes_at_the_first_below(source, sides):
    levels = ladder_of(source, sides, has_smaller_tier=True)
    assert levels == [*map(Level, sides), Level(sides[-1], is_smaller_tier=True)]


def test_governor_when_the_level_above_has_four_times_the_pixels_then_not_up_at_half_the_budget():
    machine = Machine(governed(number=1, sides=(720, 360)), 0.3)
    machine.run(100)
    assert machine.changes == []
    machine.share_at = 0.2
    machine.run(UP_WINDOWS)
    assert [side for _, side in machine.changes] == [720]


def test_ladder_when_source_is_smaller_than_all_then_its_own_size():
    assert ladder_of(120) == [Level(120)]


def test_ladder_when_engines_cover_few_sizes_then_only_those():
    assert ladder_of(1080, (360, 720)) == [Level(720), Level(360)]


def test_governor_when_slow_for_two_windows_then_one_down_and_not_before():
    machine = Machine(governed(), 0.91)
    machine.run(1)
    assert machine.changes == []
    machine.run(1)
    assert machine.changes == [(1.0, 540)]


def test_governor_when_slow_windows_are_not_in_a_row_then_stays():
    machine = Machine(governed(), 0.95)
    for _ in range(10):
        machine.share_at = 0.95
        machine.run(1)
        machine.share_at = 0.8
        machine.run(1)
    assert machine.changes == []


@pytest.mark.parametrize(("latency_ms", "dropped"), [(101.0, 0.0), (20.0, 0.11)])
def test_governor_when_late_or_dropping_for_a_second_then_down(latency_ms, dropped):
    machine = Machine(governed(), 0.6)
    machine.latency_ms, machine.dropped = latency_ms, dropped
    machine.run(2)
    assert machine.changes == [(1.0, 540)]


def test_governor_when_idle_then_up_after_four_seconds_and_ten_after_a_fall():
    machine = Machine(governed(number=1), 0.5)
    machine.run(UP_WINDOWS - 1)
    assert machine.changes == []
    machine.run(1)
    assert machine.changes == [(4.0, 720)]
    fallen = Machine(governed(), 0.95)
    fallen.run(2)
    fallen.share_at = 0.5
    fallen.run(19)
    assert fallen.changes == [(1.0, 540)]
    fallen.run(1)
    assert fallen.changes[1:] == [(11.0, 720)]


def test_governor_when_a_level_fails_after_going_up_then_barred_for_five_minutes():
    machine = Machine(governed(number=1), {720: 1.2, 540: 0.4, 360: 0.2})
    machine.run(int(290 / WINDOW_S))
    assert machine.changes == [(4.0, 720), (5.0, 540)]
    machine.run(int(20 / WINDOW_S))
    assert machine.changes[2] == (5.0 + BARRED_S, 720)


def test_governor_when_the_lowest_is_too_slow_then_says_so_once_and_recovers_first():
    governor = governed(number=2)
    machine = Machine(governor, 1.5)
    machine.run(20)
    assert governor.is_too_slow
    assert machine.changes == [(1.0, 360)]
    machine.share_at = 0.3
    machine.run(UP_WINDOWS)
    assert not governor.is_too_slow
    assert governor.level == Level(360)
    machine.run(UP_WINDOWS)
    assert governor.level == Level(540)


@pytest.mark.parametrize(
    ("warmup_ms", "side"), [((20, 10, 5), 720), ((24, 23, 5), 540), ((99, 99, 99), 360)]
)
def test_start_when_warmed_up_then_the_highest_level_within_seven_tenths(warmup_ms, side):
    governor = governed()
    while governor.start(warmup_ms[governor.number]) is not None:  # 0.7 of 33.3 ms is 23.3 ms
        pass
    assert governor.level.short_side == side


def test_start_when_the_first_level_was_too_much_then_the_way_up_is_open_at_once():
    governor = governed()
    assert "24 ms a frame when warming up" in governor.start(24.0).reason
    machine = Machine(governor, 0.5)
    machine.run(UP_WINDOWS)
    assert machine.changes == [(4.0, 720)]


def test_governor_when_there_is_one_level_then_it_is_never_left():
    machine = Machine(governed(sides=(720,)), 2.0)
    machine.run(50)
    assert machine.governor.level == Level(720)
    assert machine.governor.is_too_slow


def test_governor_when_fed_the_same_windows_then_the_same_levels():
    shares = np.random.default_rng(3).uniform(0.3, 1.1, 600)

    def levels() -> list[int]:
        governor = governed()
        found = []
        for number, share in enumerate(shares):
            governor.feed(Window(number * WINDOW_S, share * BUDGET_MS, 20.0, 0.0))
            found.append(governor.number)
        return found

    first = levels()
    assert first == levels()
    assert len(set(first)) > 1


def test_governor_when_load_oscillates_then_settles_instead_of_hunting():
    machine = Machine(governed(), {720: 1.1, 540: 0.5, 360: 0.3})
    machine.run(int(600 / WINDOW_S))
    assert len(machine.changes) <= 6


def test_governor_when_made_without_levels_then_e201():
    with pytest.raises(UsageError):
        Governor([], 30.0, 100.0)


SURROUNDED = {360: 0.75, 240: 0.55, 180: 0.48}
"""1280x720 on two cores: most of a frame's time is spent around the network."""
SMALL_FRAMES = {360: 0.6, 180: 0.3}
"""640x360, where the only smaller level has a quarter of the pixels."""
LIGHT = {720: 0.5, 540: 0.4, 360: 0.3}


@pytest.mark.parametrize(
    ("share_at", "fixed"), [(SURROUNDED, 0.4), (SMALL_FRAMES, 0.2), (LIGHT, 0.0)]
)
@pytest.mark.parametrize("load", [1.3, 2.0, 4.0, 12.0])
def test_governor_when_load_came_and_went_then_back_at_the_first_level_and_stays(
    share_at, fixed, load
):
    levels = len(share_at)
    machine = Machine(governed(sides=tuple(share_at)), share_at, fixed)
    machine.run(20)
    machine.run_loaded(30, load)
    # Ten seconds after the last step down, then four for each step up, half the rate included.
    machine.run(int((10 + 4 * levels) / WINDOW_S))
    assert machine.place == (0, False)
    there = len(machine.changes)
    machine.run(int(600 / WINDOW_S))
    assert len(machine.changes) == there
    assert there <= 2 * levels


def test_governor_when_load_comes_again_and_again_then_it_does_not_follow_each_time():
    machine = Machine(governed(sides=tuple(SURROUNDED)), SURROUNDED, 0.4)
    machine.run(20)
    for _ in range(10):
        machine.run_loaded(30, 2.0)
        machine.run(int(30 / WINDOW_S))
    assert len(machine.changes) <= 24  # six for each load would be sixty
    machine.run(int((BARRED_S + 30) / WINDOW_S))
    assert machine.place == (0, False)


def test_governor_while_the_load_lasts_then_tries_no_level_that_would_not_hold():
    machine = Machine(governed(sides=tuple(SURROUNDED)), SURROUNDED, 0.4)
    machine.run(20)
    machine.run_loaded(600, 1.3)
    assert machine.changes == [(10.0 + 1.0, 240)]


def test_governor_when_load_hits_just_after_the_way_up_then_only_that_level_is_barred():
    machine = Machine(governed(sides=tuple(LIGHT), number=1), LIGHT)
    machine.run(UP_WINDOWS)
    assert machine.changes == [(4.0, 720)]
    machine.run_loaded(10, 4.0)
    assert machine.place == (2, True)
    machine.run(int(30 / WINDOW_S))
    assert machine.place == (1, False)  # 540 did nothing wrong
    machine.run(int(BARRED_S / WINDOW_S))
    assert machine.place == (0, False)


def test_governor_when_only_half_the_rate_holds_then_does_not_swing_between_the_two():
    machine = Machine(governed(sides=(360,)), 1.0)
    for _ in range(int(600 / WINDOW_S)):
        machine.share_at = 0.5 if machine.governor.is_too_slow else 1.0
        machine.run(1)
    assert len(machine.changes) <= 2 + 2 * 600 / BARRED_S


def test_governor_when_a_level_gone_up_to_cannot_be_had_then_goes_back_for_good():
    machine = Machine(governed(number=1), {720: 0.5, 540: 0.3, 360: 0.2})
    machine.run(UP_WINDOWS)
    assert machine.governor.refuse(0)
    assert not machine.governor.refuse(0)
    assert machine.place == (1, False)
    machine.run(int(2 * BARRED_S / WINDOW_S))
    assert machine.place == (1, False)
