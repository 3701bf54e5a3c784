from itertools import pairwise

import cv2
import numpy as np
import pytest

from livecartoon.temporal.auto import Auto
from livecartoon.temporal.blend import Blend
from livecartoon.temporal.camera import CameraWatch
from livecartoon.temporal.flow import Flow, FlowState
from livecartoon.temporal.steadier import TRIAL_FRAMES, Steadier
from tests.drawing import drawn_photo

WIDTH, HEIGHT = 320, 192
GRAIN = cv2.GaussianBlur(
    np.random.default_rng(9).normal(0, 90, (HEIGHT, WIDTH + 200, 1)).astype(np.float32), (0, 0), 2
)
WORLD = np.clip(drawn_photo(WIDTH + 200, HEIGHT) * 0.8 + 20 + GRAIN[..., None], 0, 255)


def seen(places, noise=2.0, seed=0):
    """A noisy camera that looks at these columns of a wide photo."""
    rng = np.random.default_rng(seed)
    for x in places:
        clean = WORLD[:, round(x) : round(x) + WIDTH]
        yield np.clip(clean + rng.normal(0, noise, clean.shape), 0, 255).astype(np.uint8)


def methods(auto, places, fps=30.0, start_s=0.0):
    found = []
    for i, frame in enumerate(seen(places)):
        auto(frame, frame, start_s + i / fps)
        found.append(auto.method)
    return found


def test_auto_of_a_resting_camera_then_blends():
    assert set(methods(Auto(0.6), [40] * 30)) == {"blend"}


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_auto_of_a_panning_camera_then_follows_within_a_quarter_of_a_second(fps):
    found = methods(Auto(0.6), [40 + 60 * i / fps for i in range(fps)], fps)
    assert set(found[fps // 4 + 1 :]) == {"flow"}


def test_auto_of_a_tremor_then_does_not_change_at_every_turning_point():
    places = [60 + 6 * np.sin(2 * np.pi * 2 * i / 30) for i in range(75)]
    found = methods(Auto(0.6), places)
    assert sum(a != b for a, b in pairwise(found)) == 1
    assert found[-1] == "flow"


def test_auto_when_the_camera_comes_to_rest_then_blends_after_a_second():
    auto = Auto(0.6)
    assert methods(auto, [40 + 2 * i for i in range(20)])[-1] == "flow"
    found = methods(auto, [78] * 60, start_s=20 / 30)
    assert found[20] == "flow"
    assert found[-1] == "blend"


def test_auto_when_an_object_crosses_a_still_picture_then_blends():
    auto, found = Auto(0.6), []
    for i, frame in enumerate(seen([40] * 40)):
        frame[40:80, 3 * i : 3 * i + 40] = 255 - frame[40:80, 3 * i : 3 * i + 40]
        auto(frame, frame, i / 30)
        found.append(auto.method)
    assert set(found) == {"blend"}


def test_auto_of_a_tiny_picture_then_blends():
    auto = Auto(0.6)
    for i in range(10):
        frame = np.full((9, 7, 3), 20 * i, np.uint8)
        auto(frame, frame, i / 30)
    assert auto.method == "blend"


def test_auto_at_strength_zero_then_says_off():
    auto = Auto(0.0)
    assert set(methods(auto, [40, 44, 48])) == {"off"}


def test_flow_state_at_the_change_of_method_then_shows_no_jump():
    state, steps, before = FlowState((HEIGHT, WIDTH, 3)), [], None
    for i, frame in enumerate(seen([40] * 50, noise=4)):
        state.follow(30 <= i < 40)
        shown = state.step(frame, frame, i / 30, 0.6).astype(np.float32)
        if before is not None:
            steps.append(float(np.abs(shown - before).mean()))
        before = shown
    assert max(steps[29:]) < 1.5 * np.mean(steps[20:29])


def test_camera_watch_of_a_flat_picture_then_rests():
    watch = CameraWatch(64, 96)
    flat = np.full((64, 96), 90, np.float32)
    watch.restart(flat)
    assert not any(watch.step(flat, 0.1) for _ in range(5))


def steadied(steadier, network_s, count):
    for i, frame in enumerate(seen([40 + 2 * i for i in range(count)])):
        steadier(frame, frame, i / 30, network_s)
    return steadier.report


def test_steadier_live_when_following_costs_too_much_then_stays_with_blend_and_says_so():
    report = steadied(Steadier("auto", Auto(0.6), is_live=True), 1.0, 40)
    assert report.frames["flow"] == TRIAL_FRAMES
    assert report.method == "blend"
    assert "stays with blend" in report.note


@pytest.mark.parametrize(("is_live", "network_s"), [(True, -1.0), (False, 1.0)])
def test_steadier_when_time_allows_then_goes_on_following(is_live, network_s):
    report = steadied(Steadier("auto", Auto(0.6), is_live=is_live), network_s, 40)
    assert report.method == "flow"
    assert report.note is None
    assert sum(report.frames.values()) == 40


def test_steadier_when_frames_last_longer_then_following_may_take_longer():
    steadier = Steadier("auto", Auto(0.6), is_live=True, frame_s=10.0)
    assert steadied(steadier, 1.0, 40).note is None


def test_steadier_while_it_finds_out_what_following_costs_then_says_so():
    steadier = Steadier("auto", Auto(0.6), is_live=True)
    trial = []
    for i, frame in enumerate(seen([40 + 2 * i for i in range(40)])):
        steadier(frame, frame, i / 30)
        trial.append(steadier.report.is_on_trial)
    assert sum(trial) == TRIAL_FRAMES - 1
    assert not trial[-1]


def test_steadier_when_the_camera_rests_before_the_trial_is_over_then_it_is_not_on_trial():
    steadier = Steadier("auto", Auto(0.6), is_live=True)
    moving = []
    for i, frame in enumerate(seen([*(40 + 2 * i for i in range(8)), *[54] * 60])):
        steadier(frame, frame, i / 30)
        moving.append(steadier.report.is_on_trial)
    assert any(moving)
    assert not moving[-1]


def test_steadier_told_to_stay_then_follows_no_longer_and_says_so_once():
    steadier = Steadier("auto", Auto(0.6), is_live=True)
    assert not steadier.stay()  # nothing is followed yet
    assert steadied(steadier, -1.0, 30).method == "flow"
    assert steadier.stay()
    report = steadied(steadier, -1.0, 30)
    assert report.method == "blend"
    assert "stays with blend" in report.note
    assert not steadier.stay()


@pytest.mark.parametrize("kind", [Flow, Blend])
def test_steadier_of_a_method_that_was_typed_then_does_not_give_it_up(kind):
    steadier = Steadier(kind.__name__.lower(), kind(0.6), is_live=True)
    report = steadied(steadier, 1.0, 30)
    assert not steadier.stay()
    assert report.note is None


def test_auto_told_to_stay_then_does_so_after_a_reset_and_a_new_size():
    auto = Auto(0.6)
    auto.stay()
    auto.reset()
    assert set(methods(auto, [40 + 2 * i for i in range(30)])) == {"blend"}
