import cv2
import numpy as np
import pytest

from livecartoon.temporal.exposure import apply_exposure, exposure_gain
from livecartoon.temporal.scenecut import SceneCut, compare, thumbnail


def scene(seed, contrast=30.0, level=110.0):
    soft = cv2.resize(np.random.default_rng(seed).normal(0, contrast, (5, 9)), (64, 36))
    return np.clip(soft + level, 0, 255).astype(np.float32)


@pytest.mark.parametrize(
    ("now", "is_break"),
    [
        (scene(1), False),
        (scene(1) + np.random.default_rng(3).normal(0, 4, (36, 64)).astype(np.float32), False),
        (scene(1) * 1.05, False),
        (np.roll(scene(1), 2, axis=1), False),
        (scene(2), True),
        (scene(1) + 60, True),
        (255 - scene(1), True),
    ],
    ids=["same", "noise", "exposure", "pan", "cut", "flash", "negative"],
)
def test_compare_of_two_pictures_then_tells_breaks(now, is_break):
    assert compare(now.astype(np.float32), scene(1)).is_break is is_break


def test_compare_of_dim_scenes_then_finds_the_cut():
    assert compare(scene(2) * 0.35, scene(1) * 0.35).is_break


def test_compare_of_flat_pictures_then_is_no_break():
    black = np.zeros((36, 64), np.float32)
    assert not compare(black, black).is_break


@pytest.mark.parametrize(("seconds", "is_break"), [(0.2, False), (0.5, False), (0.51, True)])
def test_scene_cut_after_a_gap_then_is_a_break(seconds, is_break):
    watch = SceneCut()
    assert watch.step(scene(1), 0.0) is None
    assert (watch.step(scene(1), seconds) is None) is is_break


@pytest.mark.parametrize("seconds", [1.0, 0.5])
def test_scene_cut_when_time_does_not_advance_then_is_a_break(seconds):
    watch = SceneCut()
    watch.step(scene(1), 1.0)
    assert watch.step(scene(1), seconds) is None
    assert watch.step(scene(1), seconds + 0.25) == pytest.approx(0.25)


def test_thumbnail_of_any_size_then_is_64_by_36():
    for shape in ((1, 1), (20, 300), (360, 640)):
        small = thumbnail(np.full(shape, 9, np.float32))
        assert small.shape == (36, 64)
        assert np.allclose(small, 9)


def test_exposure_of_a_factor_then_finds_it_and_carries_the_planes():
    planes = np.stack([scene(1), scene(4), scene(5)])
    brighter = planes.copy()
    apply_exposure(brighter, 1.06)
    assert exposure_gain(brighter[0], planes[0]) == pytest.approx(1.06, abs=1e-3)
    assert brighter[0] == pytest.approx((planes[0] + 4) * 1.06 - 4, abs=1e-3)
    assert brighter[1:] - 128 == pytest.approx((planes[1:] - 128) * 1.06, abs=1e-3)


@pytest.mark.parametrize("now", [scene(1), scene(2), scene(1) * 1.4, np.roll(scene(1), 4, axis=0)])
def test_exposure_when_no_small_factor_explains_the_change_then_is_one(now):
    assert exposure_gain(now, scene(1)) == 1.0
