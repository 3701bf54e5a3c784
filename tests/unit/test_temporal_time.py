"""Anti-flicker goes by presentation time: rates, drops, pauses, fades."""

import numpy as np
import pytest

from livecartoon.temporal import open_temporal
from tests.drawing import drawn_photo

MODES = ("auto", "blend", "flow")
PHOTO = drawn_photo(128, 96)


def response(mode, times, noise=1.5):
    """Mean level shown at the end of `times`; the style steps from 0 to 200 after one second."""
    rng, filter_ = np.random.default_rng(0), open_temporal(mode, 0.6)
    for t in times:
        source = np.clip(PHOTO + rng.normal(0, noise, PHOTO.shape), 0, 255).astype(np.uint8)
        shown = filter_(source, np.full_like(PHOTO, 200 if t >= 1 else 0), t)
    return float(shown.mean())


@pytest.mark.parametrize("mode", MODES)
def test_mode_at_15_30_and_60_fps_then_follows_in_the_same_time(mode):
    levels = [response(mode, np.arange(round(1.2 * fps) + 1) / fps) for fps in (15, 30, 60)]
    assert max(levels) - min(levels) < 0.12 * 200
    assert 0.5 * 200 < min(levels) < 0.8 * 200


@pytest.mark.parametrize("mode", MODES)
def test_mode_when_frames_are_dropped_or_jitter_then_follows_in_the_same_time(mode):
    rng = np.random.default_rng(1)
    even = np.arange(37) / 30
    keeps = (rng.random(37) > 0.4) | np.isin(np.arange(37), (0, 30, 36))
    jittered = even + np.where(np.isin(np.arange(37), (0, 30, 36)), 0, rng.uniform(0, 0.02, 37))
    whole = response(mode, even)
    assert response(mode, even[keeps]) == pytest.approx(whole, abs=0.1 * 200)
    assert response(mode, jittered) == pytest.approx(whole, abs=0.1 * 200)


def steadiness(mode, fps):
    """Change per second left of a flickering style on a still source."""
    rng, filter_, shown = np.random.default_rng(2), open_temporal(mode, 0.6), []
    for i in range(2 * fps):
        source = np.clip(PHOTO + rng.normal(0, 3, PHOTO.shape), 0, 255).astype(np.uint8)
        shown.append(filter_(source, source, i / fps).astype(np.float32))
    return float(np.stack(shown[fps:]).std(axis=0).mean())


@pytest.mark.parametrize("mode", MODES)
def test_mode_at_a_higher_rate_then_is_no_less_steady(mode):
    slow, usual, fast = (steadiness(mode, fps) for fps in (15, 30, 60))
    assert fast <= 1.1 * usual <= 1.21 * slow
    assert slow < 3 / 2


@pytest.mark.parametrize("mode", MODES)
def test_mode_when_both_sides_of_a_flash_then_shows_them_exactly(mode):
    filter_ = open_temporal(mode, 0.6)
    rng = np.random.default_rng(3)
    for i in range(14):
        light = 70 if i in (8, 9) else 0
        noisy = PHOTO * 0.6 + light + rng.normal(0, 2, PHOTO.shape)
        source = np.clip(noisy, 0, 255).astype(np.uint8)
        shown = filter_(source, source, i / 30)
        if i in (8, 10):
            assert np.array_equal(shown, source)


@pytest.mark.parametrize("mode", MODES)
def test_mode_in_a_fade_to_black_then_lags_by_a_few_levels_at_most(mode):
    filter_, rng, lags = open_temporal(mode, 0.6), np.random.default_rng(4), []
    for i in range(60):
        level = min(1.0, max(0.0, 1.4 - i / 30))
        source = np.clip(PHOTO * level + rng.normal(0, 1, PHOTO.shape), 0, 255).astype(np.uint8)
        shown = filter_(source, source, i / 30)
        lags.append(float(shown.mean()) - float(source.mean()))
    assert max(np.abs(lags)) < 5
    assert abs(lags[-1]) < 0.5


@pytest.mark.parametrize("mode", MODES)
def test_mode_after_a_pause_or_a_seek_then_shows_the_first_frame_exactly(mode):
    filter_, rng = open_temporal(mode, 0.6), np.random.default_rng(5)
    frames = [
        np.clip(PHOTO + rng.normal(0, 4, PHOTO.shape), 0, 255).astype(np.uint8) for _ in range(9)
    ]
    times = [0, 0.03, 0.07, 2.0, 2.03, 1.0, 1.03, 1.03, 1.07]
    exact = [
        np.array_equal(filter_(frame, frame, t), frame)
        for frame, t in zip(frames, times, strict=True)
    ]
    assert exact == [True, False, False, True, False, True, False, True, False]
