"""The governor in a live run, and pictures that take too long."""

from __future__ import annotations

import itertools

import pytest

from livecartoon.governor import Level
from livecartoon.jobs.live import LiveStatus
from livecartoon.jobs.live.levels import Ladder, Rung
from tests.live import ToyShop, play

pytestmark = pytest.mark.slow
LADDER = Ladder(
    (Rung(Level(180), "auto", "320x180"), Rung(Level(90), "auto", "160x90")),
    0,
)


def test_live_when_too_slow_then_takes_the_faster_level_without_a_stall():
    report, presenter = play(
        [(6.0, "q")],
        shop=ToyShop(delay_s=0.1, level_making_s=1.0),
        find_ladder=lambda *_: LADDER,
    )
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.governor_changes == 1
    assert max(after - before for before, after in itertools.pairwise(presenter.shown_s)) < 0.9
    assert report.fps["shown"] > 12  # the slow level alone shows ten
    assert [style["name"] for style in report.styles] == ["copy"]


def test_live_when_the_governor_is_off_then_stays_slow_until_its_key():
    report, _ = play(
        [(2.5, "g"), (6.0, "q")],
        shop=ToyShop(delay_s=0.1),
        governor=False,
        find_ladder=lambda *_: LADDER,
    )
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.levels[0]["seconds"] > 2.4


def test_live_when_no_level_holds_then_says_too_slow_and_shows_half_the_pictures():
    seen: list[LiveStatus] = []
    report, _ = play(
        [(7.0, "q")],
        shop=ToyShop(delay_s=0.1, level_delay_s=0.025),
        on_status=seen.append,
        find_ladder=lambda *_: LADDER,
    )
    assert seen[-1].is_too_slow
    assert report.warnings[-1].startswith("TOO SLOW")
    assert report.frames["left_out"] > 0


def test_live_with_a_slow_style_drops_frames_but_stays_fresh():
    report, _ = play(shop=ToyShop(delay_s=0.1), duration_s=1.5)
    assert report.frames["dropped"] > 20
    assert report.latency_ms["p95"] < 400
