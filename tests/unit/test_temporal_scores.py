"""The gates of anti-flicker on drawn clips; `python -m benchmarks temporal` has the full table."""

import pytest

from benchmarks.temporal import CONTROL, GATES, RunningMean, failures, make_clip, score, steady
from livecartoon.temporal import TEMPORAL, open_temporal

SMALL = {"width": 320, "height": 180}
SLACK = 1.5
"""Few pixels and 24 frames: the gates are for 640x360 and 40."""
QUICK = ("static", "fg_slow", "cut")


def judge(case, mode):
    clip = make_clip(case, 30 if case == "dissolve" else 24, **SMALL)
    filter_ = RunningMean() if mode == CONTROL else open_temporal(mode, 0.6)
    gates = "blend" if mode == CONTROL else mode
    return failures(case, gates, score(clip, steady(clip, filter_)), SLACK)


@pytest.mark.parametrize("case", QUICK)
def test_blend_on_a_drawn_clip_then_meets_the_gates(case):
    assert judge(case, "blend") == []


def test_control_on_a_moving_object_then_misses_the_gates():
    assert {missed.split()[0] for missed in judge("fg_slow", CONTROL)} >= {"ghost", "trail"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", sorted(set(TEMPORAL) - {"off"}))
@pytest.mark.parametrize("case", sorted(set(GATES) - set(QUICK)))
def test_mode_on_every_drawn_clip_then_meets_the_gates(case, mode):
    assert judge(case, mode) == []
