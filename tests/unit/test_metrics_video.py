"""Measures of videos against numbers worked out by hand, and clips drawn with known motion."""

from itertools import pairwise

import numpy as np
import pytest

from livecartoon.errors import InputError, UsageError
from tests.drawing import drawn_photo
from trainer.metrics.motion import dis, is_cut, open_estimator, valid_mask, warped
from trainer.metrics.steadiness import (
    delay,
    flicker,
    ghost_parts,
    global_pulse,
    left_mask,
    sharpness_ratio,
    static_mask,
    trail_length,
    trail_parts,
    warping_error,
)
from trainer.metrics.video import Clip, SharedFlow, judge_clip, missed_temporal_gates


def row(*values):
    return np.array(values, float)[None, :, None]


def flat_flow(x, y=0.0, shape=(1, 4)):
    return np.full((*shape, 2), (x, y), np.float32)


def running_mean(frames, weight):
    shown = [frames[0].astype(float)]
    for frame in frames[1:]:
        shown.append((1 - weight) * frame + weight * shown[-1])
    return shown


def pan(count, step=2, width=96, height=64):
    wide = drawn_photo(width + step * count, height)
    return [np.ascontiguousarray(wide[:, t * step : t * step + width]) for t in range(count)]


def test_mask_of_flows_that_disagree_then_occluded():
    forward, backward = flat_flow(2.0, shape=(9, 9)), flat_flow(-1.0, shape=(9, 9))
    assert not valid_mask(forward, backward).any()
    agreeing = valid_mask(forward, -forward)
    assert agreeing[:, :7].all()
    assert not agreeing[:, 7:].any()


def test_mask_at_a_motion_boundary_then_invalid():
    forward = flat_flow(0.0, shape=(9, 9))
    forward[:, 5:] = (3, 0)
    backward = -forward
    assert not valid_mask(forward, backward)[:, 4].any()
    assert valid_mask(forward, backward)[:, :4].all()


def test_warping_error_of_a_row_then_the_known_value():
    now, after, flow = row(0, 0.2, 0.4, 0.6), row(0.1, 0.1, 0.3, 0.5), flat_flow(1.0)
    assert warped(after, flow)[0, :, 0] == pytest.approx([0.1, 0.3, 0.5, 0.5], abs=1e-6)
    mask = valid_mask(flow, -flow)
    assert mask.tolist() == [[True, True, True, False]]
    assert warping_error(now, after, flow, mask) == pytest.approx(0.01, abs=1e-6)


def test_ghost_of_a_blend_then_its_weight_exactly():
    rng = np.random.default_rng(0)
    before, now, drawn_before, drawn = rng.random((4, 16, 16, 3))
    shown = 0.7 * drawn + 0.3 * drawn_before
    added, wanted, moving = ghost_parts(before, now, drawn_before, drawn, shown)
    assert added / wanted == pytest.approx(0.3, abs=1e-12)
    assert moving > 0.9


@pytest.mark.parametrize(("weight", "expected"), [(0.3, 0.255), (0.5, 0.375), (0.7, 0.455)])
def test_plain_regression_of_averaged_noise_then_blames_denoising(weight, expected):
    """Why the input's change is the instrument: noise alone already looks like a ghost."""
    drawn = np.random.default_rng(1).normal(size=(40, 64, 64))
    shown = running_mean(list(drawn), weight)
    change = drawn[:-1] - drawn[1:]
    added = np.array(shown[1:]) - drawn[1:]
    late = slice(20, None)
    found = (added * change)[late].sum() / np.square(change)[late].sum()
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("weight", "expected"), [(0.3, (0.273, 0.0819, 0.0246)), (0.6, (0.384, 0.2304, 0.1382))]
)
def test_trail_of_a_moving_square_then_the_known_decay(weight, expected):
    frames, rights = [], []
    for t in range(12):
        frame = np.full((64, 128, 3), 60 / 255)
        frame[20:44, 8 * t : 8 * t + 16] = 200 / 255
        frames.append(frame)
        rights.append(8 * t)
    shown = running_mean(frames, weight)
    t = 11
    found = []
    for k in (1, 2, 3):
        mask = np.zeros((64, 128), bool)
        mask[20:44, rights[t - k] : rights[t - k] + 8] = True
        left, was = trail_parts(shown[t], frames[t], frames[t - k], mask)
        found.append(left / was)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("weight", "length"), [(0.3, 3), (0.6, 6), (0.8, 14)])
def test_trail_length_of_long_covered_background_then_known(weight, length):
    assert trail_length([weight**k for k in range(1, 15)]) == length


def test_left_mask_of_a_jump_that_stays_then_marked_and_one_that_returns_not():
    calm, jump = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    jump[0] = 0.5
    assert left_mask([calm, jump, jump]).tolist() == [[True, True], [False, False]]
    assert not left_mask([calm, jump, calm]).any()


def test_flicker_of_two_levels_up_and_down_then_four_and_less_when_averaged():
    frames = [np.full((16, 16, 3), (128 + 2 * (-1) ** t) / 255) for t in range(30)]
    everywhere = np.ones((16, 16), bool)
    assert flicker(frames[-2], frames[-1], everywhere) == pytest.approx(4)
    shown = running_mean(frames, 0.5)
    assert flicker(shown[-2], shown[-1], everywhere) == pytest.approx(4 / 3, abs=1e-4)


@pytest.mark.parametrize(("weight", "ratio"), [(0.3, 0.614), (0.6, 0.316)])
def test_flicker_of_averaged_noise_then_the_known_ratio(weight, ratio):
    noise = list(np.random.default_rng(3).normal(0.5, 0.05, (60, 64, 64, 1)).repeat(3, 3))
    shown = running_mean(noise, weight)
    mask = np.ones((64, 64), bool)
    found = [np.mean([flicker(a, b, mask) for a, b in pairwise(v[20:])]) for v in (shown, noise)]
    assert found[0] / found[1] == pytest.approx(ratio, abs=0.01)


def test_static_mask_of_a_moving_square_then_only_the_rest():
    frames = [np.zeros((24, 24, 3)) for _ in range(4)]
    frames[2][:, :8] = 1
    mask = static_mask(frames)
    assert not mask[:, :8].any()
    assert mask[:, 8:].all()


def test_sharpness_of_a_blur_then_below_one_and_of_the_same_one():
    photo = drawn_photo(64, 48) / 255
    soft = (np.roll(photo, 1, 1) + photo + np.roll(photo, -1, 1)) / 3
    assert sharpness_ratio(photo, photo, photo) == 1
    assert sharpness_ratio(photo, photo, soft) < 0.8


def test_pulse_of_a_slow_drift_then_small_and_of_breathing_large():
    slow = np.linspace(50, 60, 60)
    breathing = 55 + np.sin(np.arange(60))
    still = np.full(60, 55.0)
    assert global_pulse(slow, still) < 0.3
    assert global_pulse(breathing, still) > 0.5


@pytest.mark.parametrize("lag", [0, 3])
def test_delay_of_a_shifted_clip_then_its_lag(lag):
    planes = list(np.random.default_rng(5).random((24, 8, 8)))
    shown = planes[:1] * lag + planes[: len(planes) - lag]
    assert delay(planes, shown) == lag


def test_cut_between_two_scenes_then_seen_and_not_within_one():
    frames = pan(2)
    assert not is_cut(*frames)
    assert is_cut(frames[0], 255 - frames[0] // 2)


def test_estimator_that_is_unknown_then_usage_error():
    with pytest.raises(UsageError, match="E201"):
        open_estimator("raft")


def test_clip_of_a_known_pan_drawn_as_it_is_then_hardly_any_error():
    frames = pan(14)
    flow = flat_flow(-2.0, shape=(64, 96))
    flows = {(t, t + gap): flow * gap for gap in (1, 8) for t in range(14)}
    flows |= {(b, a): -flow for (a, b), flow in flows.items()}
    figures = judge_clip(Clip("pan", frames, frames, frames, flows), dis)
    assert figures["E"] < 1e-5
    assert figures["E_gap8"] < 1e-5
    assert figures["gamma"] == 0
    assert figures["S"] == 1
    assert figures["tOF"] == 0
    assert (figures["cuts"], figures["delay"], figures["frames"]) == (0, 0, 14)


def test_clip_through_a_running_mean_then_ghost_trail_and_gates_show_it():
    frames = pan(14)
    shown = [np.rint(f).astype(np.uint8) for f in running_mean(frames, 0.6)]
    shared = SharedFlow(dis)
    figures = judge_clip(Clip("mean", frames, shown, frames), shared)
    assert figures["gamma"] > 0.3
    assert figures["S"] < 0.9
    missed = {text.split()[0] for text in missed_temporal_gates(figures)}
    assert missed >= {"gamma", "S"}


def test_clip_with_noise_and_a_mean_then_steadier_where_nothing_moves():
    photo = drawn_photo(96, 64)
    noise = np.random.default_rng(0).normal(0, 6, (12, 64, 96, 3))
    drawn = [np.clip(photo + n, 0, 255).astype(np.uint8) for n in noise]
    shown = [np.rint(f).astype(np.uint8) for f in running_mean(drawn, 0.6)]
    figures = judge_clip(Clip("still", [photo] * 12, shown, drawn), dis)
    assert figures["phi"]["ratio"] < 0.5
    assert figures["R_E"] < 0.4
    assert (figures["gamma"], figures["gamma_note"]) == (None, "static")


def test_clip_with_fewer_frames_out_than_in_then_input_error():
    frames = pan(3)
    with pytest.raises(InputError, match="3 frames in, 2 of output"):
        Clip("short", frames, frames[:2])
