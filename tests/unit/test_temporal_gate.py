import numpy as np
import pytest

from livecartoon.temporal.gate import Gate

HEIGHT, WIDTH = 60, 80


def opened(difference, deviation=1.0):
    opening = np.empty((HEIGHT, WIDTH), np.float32)
    luma = np.full_like(opening, deviation)
    Gate(HEIGHT, WIDTH).fill(difference.astype(np.float32), luma, deviation, opening)
    return opening


def test_gate_of_noise_alone_then_stays_shut():
    lag = np.random.default_rng(1).normal(0, 1, (3, HEIGHT, WIDTH))
    assert opened(lag).max() < 0.1


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_gate_where_a_plane_changes_then_opens_there_only(plane):
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[plane, 20:40, 30:50] = 8.0
    opening = opened(lag)
    assert (opening[20:40, 30:50] == 1).all()
    assert opening[:16].max() == 0
    assert opening[:, :26].max() == 0


def test_gate_of_twice_the_noise_then_opens_half_as_far():
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[0] = 2.4
    assert opened(lag).mean() == pytest.approx(0.5, abs=0.02)
    assert opened(lag, 2.0).max() == 0


def test_gate_of_one_loud_pixel_then_counts_it_no_more_than_its_peak():
    lag = np.zeros((3, HEIGHT, WIDTH))
    lag[0, 30, 40] = 12.0
    few = opened(lag)
    lag[0, 30, 40] = 255.0
    assert np.array_equal(opened(lag), few)
