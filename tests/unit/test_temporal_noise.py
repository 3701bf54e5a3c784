from itertools import pairwise

import numpy as np
import pytest

from livecartoon.temporal.noise import NoiseLevel

SHAPE = (3, 96, 160)


def feed(level, frames, *, is_held=False):
    for before, now in pairwise(frames):
        level.update(now, before, 1 / 30, is_held=is_held)
    return level


def white(rng, count, luma, chroma):
    frames = rng.normal(128, luma, (count, *SHAPE)).astype(np.float32)
    frames[:, 1:] = rng.normal(128, chroma, frames[:, 1:].shape)
    return frames


def test_noise_of_white_noise_then_finds_its_deviation():
    level = feed(NoiseLevel(*SHAPE[1:]), white(np.random.default_rng(1), 60, 2.0, 1.0))
    assert float(np.median(level.luma)) == pytest.approx(2.0, rel=0.1)
    assert level.chroma == pytest.approx(1.0, rel=0.1)


def test_noise_when_the_picture_slides_then_does_not_grow():
    rng = np.random.default_rng(2)
    wave = 40 * np.sin(np.arange(400) / 9)
    frames = white(rng, 40, 1.0, 1.0)
    for i, frame in enumerate(frames):
        frame[0] += wave[i : i + SHAPE[2]].astype(np.float32)
    level = feed(NoiseLevel(*SHAPE[1:]), frames)
    assert float(np.median(level.luma)) < 1.2


def test_noise_when_the_whole_picture_gets_brighter_then_does_not_grow():
    frames = white(np.random.default_rng(3), 40, 1.0, 1.0)
    frames[:, 0] += (np.arange(40) % 2 * 9)[:, None, None]
    assert float(np.median(feed(NoiseLevel(*SHAPE[1:]), frames).luma)) < 1.2


def test_noise_when_frames_are_repeated_then_does_not_sink():
    frames = white(np.random.default_rng(4), 40, 2.0, 1.0)
    level = feed(NoiseLevel(*SHAPE[1:]), np.repeat(frames, 2, axis=0))
    assert float(np.median(level.luma)) == pytest.approx(2.0, rel=0.15)


def test_noise_when_held_then_stays_as_it_was():
    rng = np.random.default_rng(5)
    level = feed(NoiseLevel(*SHAPE[1:]), white(rng, 20, 1.0, 1.0))
    before = level.luma.copy()
    feed(level, white(rng, 20, 8.0, 8.0), is_held=True)
    assert np.array_equal(level.luma, before)


def test_noise_of_a_drawn_picture_then_is_what_rounding_leaves():
    still = np.full(SHAPE, 77, np.float32)
    level = feed(NoiseLevel(*SHAPE[1:]), [still] * 5)
    assert level.chroma == pytest.approx(0.06**0.5)
    assert level.luma.max() == pytest.approx(0.06**0.5)
