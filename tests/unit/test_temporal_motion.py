import cv2
import numpy as np
import pytest

from livecartoon.temporal.fetch import fetch
from livecartoon.temporal.flow import Flow
from livecartoon.temporal.motion import Motion

HEIGHT, WIDTH = 96, 128
NOWHERE = np.zeros((HEIGHT, WIDTH), bool)


def soft_noise(seed=0):
    noise = np.random.default_rng(seed).normal(0, 60, (HEIGHT, WIDTH + 40)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2) * 4 + 128, 0, 255)


@pytest.mark.parametrize("interpolation", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
@pytest.mark.parametrize("channels", [1, 3])
def test_fetch_of_whole_pixels_then_moves_the_picture(interpolation, channels):
    rng = np.random.default_rng(1)
    values = np.squeeze(rng.random((9, 12, channels), dtype=np.float32))
    y, x = np.mgrid[0:9, 0:12].astype(np.float32)
    out = np.full_like(values, -1)
    fetch(values, np.stack([x + 2, y - 1], -1), interpolation, out)
    assert np.array_equal(out[1:, :-2], values[:-1, 2:])
    assert np.array_equal(out[0, :-2], values[0, 2:])


def test_motion_of_a_sliding_picture_then_finds_where_it_was():
    world = soft_noise()
    motion = Motion(HEIGHT, WIDTH)
    before, now = (np.ascontiguousarray(world[:, x : x + WIDTH]) for x in (10, 13))
    motion.remember(before)
    assert motion.find(now, before, 0.5, NOWHERE)
    inner = motion.flow[20:-20, 20:-20]
    assert np.median(inner[..., 0]) == pytest.approx(3, abs=0.2)
    assert np.median(inner[..., 1]) == pytest.approx(0, abs=0.2)
    assert motion.outside()[:, -2:].mean() > 0.9
    assert not motion.outside()[8:-8, 8:-8].any()


def test_motion_of_a_still_picture_with_noise_then_finds_none():
    rng = np.random.default_rng(2)
    still = soft_noise()[:, :WIDTH]
    before, now = (still + rng.normal(0, 1, still.shape).astype(np.float32) for _ in range(2))
    motion = Motion(HEIGHT, WIDTH)
    motion.remember(before)
    assert not motion.find(now, before, 1.0, NOWHERE)


def test_motion_of_a_tiny_picture_then_finds_none():
    luma = np.zeros((5, 5), np.float32)
    assert not Motion(5, 5).find(luma, luma, 1.0, NOWHERE[:5, :5])


def test_flow_when_the_camera_pans_then_the_noise_is_averaged_along():
    rng = np.random.default_rng(3)
    world = np.repeat(soft_noise(4)[..., None], 3, axis=2)
    flow = Flow(0.6)
    for i in range(16):
        clean = world[:, 2 * i : 2 * i + WIDTH]
        noisy = np.clip(clean + rng.normal(0, 4, clean.shape), 0, 255).astype(np.uint8)
        shown = flow(noisy, noisy, i / 30)
    inner = np.s_[16:-16, 16:-24]
    error = np.abs(shown.astype(np.float32) - clean)[inner].mean()
    assert error < 0.75 * np.abs(noisy.astype(np.float32) - clean)[inner].mean()
