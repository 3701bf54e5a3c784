"""What every entry of TEMPORAL promises."""

import numpy as np
import pytest

from livecartoon.errors import UsageError
from livecartoon.temporal import TEMPORAL, open_temporal
from tests.drawing import drawn_photo, moving_picture

MODES = sorted(TEMPORAL)
SIZES = [(1, 1), (2, 1), (3, 5), (17, 9), (64, 48), (161, 91)]


def noisy(count, width=64, height=48, seed=0):
    """A still photo with fresh noise per frame."""
    rng = np.random.default_rng(seed)
    photo = drawn_photo(width, height).astype(np.float32)
    grain = rng.normal(0, 4, (count, *photo.shape))
    return list(np.clip(photo + grain, 0, 255).astype(np.uint8))


def run(filter_, frames, start=0.0):
    return [filter_(255 - frame, frame, start + i / 30) for i, frame in enumerate(frames)]


@pytest.fixture(params=[(mode, card) for mode in MODES for card in (None, "cpu")], ids=str)
def steady(request):
    """Every mode, with OpenCV and in the form for cards (on torch's own CPU)."""
    mode, card = request.param
    return open_temporal(mode, 0.6, card)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_temporal_of_any_size_then_shape_and_dtype_are_kept(steady, width, height):
    for frame, shown in zip(frames := noisy(4, width, height), run(steady, frames), strict=True):
        assert shown.shape == frame.shape
        assert shown.dtype == np.uint8


def test_temporal_at_the_first_frame_then_shows_it_exactly(steady):
    frame = noisy(1)[0]
    assert np.array_equal(steady(255 - frame, frame, 12.5), frame)


@pytest.mark.parametrize("elapsed_s", [0.0, -1 / 30, -100.0, 0.6, 1e6])
def test_temporal_when_time_jumps_then_shows_the_frame_exactly(steady, elapsed_s):
    *past, frame = noisy(5)
    run(steady, past)
    assert np.array_equal(steady(255 - frame, frame, 3 / 30 + elapsed_s), frame)


def test_temporal_after_reset_then_is_as_new(steady, request):
    frames = noisy(6)
    run(steady, noisy(5, seed=1))
    steady.reset()
    again = run(steady, frames)
    steady.reset()
    for a, b in zip(again, run(steady, frames), strict=True):
        assert np.array_equal(a, b)


def test_temporal_when_the_size_changes_then_shows_the_frame_exactly(steady):
    run(steady, noisy(4))
    small = noisy(2, 32, 20)
    assert np.array_equal(steady(small[0], small[1], 4 / 30), small[1])


def test_temporal_at_a_cut_then_shows_the_frame_exactly(steady):
    run(steady, noisy(5))
    other = np.ascontiguousarray(moving_picture(3, 64, 48))
    assert np.array_equal(steady(other, other, 5 / 30), other)


def test_temporal_when_inputs_are_read_only_then_they_are_not_modified(steady):
    frames = noisy(5)
    for frame in frames:
        frame.setflags(write=False)
    kept = [frame.copy() for frame in frames]
    for i, frame in enumerate(frames):
        source = frame[::-1].copy()
        before = source.copy()
        source.setflags(write=False)
        steady(source, frame, i / 30)
        assert np.array_equal(source, before)
    assert all(np.array_equal(a, b) for a, b in zip(frames, kept, strict=True))


def test_temporal_when_the_caller_reuses_its_buffers_then_nothing_changes(steady):
    frames = noisy(6)
    fresh = [shown.copy() for shown in run(steady, frames)]
    steady.reset()
    source, styled = np.empty_like(frames[0]), np.empty_like(frames[0])
    for i, frame in enumerate(frames):
        source[:], styled[:] = 255 - frame, frame
        assert np.array_equal(steady(source, styled, i / 30), fresh[i])


def test_temporal_then_what_was_returned_is_never_overwritten(steady):
    frames = noisy(6)
    shown, kept = [], []
    for i, frame in enumerate(frames):
        shown.append(steady(255 - frame, frame, i / 30))
        kept.append(shown[-1].copy())
    assert all(np.array_equal(a, b) for a, b in zip(shown, kept, strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_temporal_when_two_streams_take_turns_then_each_is_as_alone(mode):
    streams = noisy(5, seed=2), noisy(5, seed=3)
    alone = [run(open_temporal(mode, 0.6), frames) for frames in streams]
    filters = [open_temporal(mode, 0.6) for _ in streams]
    for i in range(5):
        for filter_, frames, expected in zip(filters, streams, alone, strict=True):
            shown = filter_(255 - frames[i], frames[i], i / 30)
            assert np.array_equal(shown, expected[i])


@pytest.mark.parametrize("mode", MODES)
def test_temporal_at_strength_zero_then_returns_the_very_frame(mode):
    filter_ = open_temporal(mode, 0.0)
    for i, frame in enumerate(noisy(3)):
        assert filter_(frame, frame, i / 30) is frame


def test_open_temporal_of_an_unknown_mode_then_names_the_known():
    with pytest.raises(UsageError, match="E201") as caught:
        open_temporal("ema", 0.6)
    assert "blend" in caught.value.remedies[0]


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_open_temporal_of_a_strength_out_of_range_then_usage_error(strength):
    with pytest.raises(UsageError, match="temporal-strength"):
        open_temporal("blend", strength)
