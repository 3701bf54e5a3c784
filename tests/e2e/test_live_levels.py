"""The governor in a live run, and pictures that take too long."""

from __future__ import annotations

import threading

import pytest

from livecartoon.governor import Level
from livecartoon.jobs.live import LiveStatus
from livecartoon.jobs.live.levels import Ladder, Rung
from tests.live import Recorder, ToyShop, play

pytestmark = pytest.mark.slow
LADDER = Ladder(
    (Rung(Level(180), "auto", "320x180"), Rung(Level(90), "auto", "160x90")),
    0,
)


def test_live_when_too_slow_then_takes_the_faster_level_without_a_stall():
    shop = ToyShop(delay_s=0.1, level_gate=threading.Event())
    seen: list[LiveStatus] = []

    def is_past_the_gate(presenter: Recorder) -> bool:
        """Let the level below be made once pictures were shown without it."""
        if len(presenter.scenes) > 8:
            shop.level_gate.set()
        return bool(seen) and seen[-1].level == "90p"

    report, _ = play(
        [(is_past_the_gate, "nothing"), (20, "q")],
        shop=shop,
        on_status=seen.append,
        find_ladder=lambda *_: LADDER,
    )
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.governor_changes == 1
    assert [style["name"] for style in report.styles] == ["copy"]
    assert [made.delay_s for made in shop.made] == [0.1, 0.0]
    assert report.frames["processed"] > 8


def test_live_when_the_governor_is_off_then_stays_slow_until_its_key():
    seen: list[LiveStatus] = []
    report, _ = play(
        [(2.2, "g"), (lambda _: seen[-1].level == "90p", "q")],
        shop=ToyShop(delay_s=0.1),
        governor=False,
        on_status=seen.append,
        find_ladder=lambda *_: LADDER,
    )
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.levels[0]["seconds"] > 2.1


def test_live_when_no_level_holds_then_says_too_slow_and_shows_half_the_pictures():
    seen: list[LiveStatus] = []
    report, _ = play(
        [(lambda _: bool(seen) and seen[-1].is_too_slow, "nothing"), (20, "q")],
        shop=ToyShop(delay_s=0.1, level_delay_s=0.025),
        on_status=seen.append,
        find_ladder=lambda *_: LADDER,
    )
    assert seen[-1].is_too_slow
    assert report.warnings[-1].startswith("TOO SLOW")
    assert report.frames["left_out"] > 0


def test_live_with_a_slow_style_drops_frames_but_stays_fresh():
    def are_twelve(presenter: Recorder) -> bool:
        return sum(not scene.panel for scene in presenter.scenes) > 12

    report, _ = play([(are_twelve, "q")], shop=ToyShop(delay_s=0.1))
    assert report.frames["dropped"] > 20  # 50 a second come, ten are drawn
    assert report.latency_ms["p50"] < 400  # of a queue it would be a second and more
