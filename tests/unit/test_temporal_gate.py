import numpy as np
import pytest

from livecartoon.temporal.gate import Gate
from livecartoon.temporal.noise import NoiseLevel

HEIGHT, WIDTH = 60, 80


@pytest.fixture
def noise():
    level = NoiseLevel(HEIGHT, WIDTH)
    level.luma.fill(1.0)
    level.chroma = 1.0
    return level


def opened(difference, noise):
    opening = np.empty((HEIGHT, WIDTH), np.float32)
    Gate(HEIGHT, WIDTH).fill(difference.astype(np.float32), noise, opening)
    return opening


def test_gate_of_noise_alone_then_stays_shut(noise):
    lag = np.random.default_rng(1).normal(0, 1, (3, HEIGHT, WIDTH))
    assert opened(lag, noise).max() < 0.1


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_gate_where_a_plane_changes_then_opens_there_only(noise, plane):
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[plane, 20:40, 30:50] = 8.0
    opening = opened(lag, noise)
    assert (opening[20:40, 30:50] == 1).all()
    assert opening[:16].max() == 0
    assert opening[:, :26].max() == 0


def test_gate_of_twice_the_noise_then_opens_half_as_far(noise):
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[0] = 2.4
    assert opened(lag, noise).mean() == pytest.approx(0.5, abs=0.02)
    noise.luma *= 2
    assert opened(lag, noise).max() == 0


def test_gate_of_one_loud_pixel_then_counts_it_no_more_than_its_peak(noise):
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[0, 30, 40] = 12.0
    few = opened(lag, noise)
    lag[0, 30, 40] = 255.0
    assert np.array_equal(opened(lag, noise), few)
