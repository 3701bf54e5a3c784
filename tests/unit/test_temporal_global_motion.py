"""The camera's own motion, told from a dense one."""

import numpy as np
import pytest

from livecartoon.temporal.global_motion import GlobalMotion

HEIGHT, WIDTH = 90, 160


@pytest.fixture
def luma():
    rng = np.random.default_rng(3)
    return (rng.random((HEIGHT, WIDTH)) * 200).astype(np.float32)


def similarity(zoom, turn, right, down):
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    x, y = x - WIDTH / 2, y - HEIGHT / 2
    return np.stack([zoom * x - turn * y + right, turn * x + zoom * y + down], -1).astype(
        np.float32
    )


@pytest.mark.parametrize("numbers", [(0, 0, 0.6, -0.4), (0.01, 0, 0, 0.3), (0.002, -0.01, 3, 1)])
def test_fit_when_all_follows_the_camera_then_finds_its_motion(numbers, luma):
    motion, flow = GlobalMotion(HEIGHT, WIDTH), similarity(*numbers)
    assert motion.fit(flow, luma)
    assert np.abs(motion.flow - flow).max() < 1e-3


def test_fit_when_a_third_moves_otherwise_and_all_is_noisy_then_finds_the_cameras(luma):
    flow = similarity(0.003, 0.002, 0.8, 0.2)
    seen = flow + np.random.default_rng(1).normal(0, 0.15, flow.shape).astype(np.float32)
    seen[:, : WIDTH // 3] += (2.0, -1.0)
    motion = GlobalMotion(HEIGHT, WIDTH)
    assert motion.fit(seen, luma)
    assert np.abs(motion.flow - flow).max() < 0.1


def test_fit_when_the_camera_rests_or_nothing_is_common_then_says_no(luma):
    motion, rng = GlobalMotion(HEIGHT, WIDTH), np.random.default_rng(2)
    noise = rng.normal(0, 0.2, (HEIGHT, WIDTH, 2)).astype(np.float32)
    assert not motion.fit(noise, luma), "noise alone"
    assert not motion.fit(10 * noise, luma), "everything goes its own way"
    assert not motion.fit(similarity(0, 0, 2, 1), np.full_like(luma, 90)), "nothing to see"
