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


def test_noise_when_held_by_motion_then_stays_as_it_was():
    rng = np.random.default_rng(5)
    level = feed(NoiseLevel(*SHAPE[1:]), white(rng, 20, 1.0, 1.0))
    before = level.luma.copy(), level.chroma
    wandering = 128 + np.cumsum(rng.normal(0, 4, (20, *SHAPE)), axis=0).astype(np.float32)
    feed(level, wandering, is_held=True)
    assert np.array_equal(level.luma, before[0])
    assert level.chroma == before[1]


def test_noise_when_held_by_noise_itself_then_is_learnt_all_the_same():
    """A first estimate of nothing opens the gate on everything; that must not last for ever."""
    rng = np.random.default_rng(6)
    level = feed(NoiseLevel(*SHAPE[1:]), [np.full(SHAPE, 128, np.float32)] * 3)
    feed(level, white(rng, 60, 2.0, 1.0), is_held=True)
    assert float(np.median(level.luma)) == pytest.approx(2.0, rel=0.15)
    assert level.chroma == pytest.approx(1.0, rel=0.15)


def test_noise_of_blocks_that_rest_and_jump_then_counts_the_jumps():
    """A codec leaves most blocks as they were and lets a few jump by a level now and then."""
    rng = np.random.default_rng(7)
    blocks = np.full((12, 20), 120, np.float32)
    level, frames = NoiseLevel(*SHAPE[1:]), []
    for _ in range(90):
        blocks += (rng.random(blocks.shape) < 0.03) * rng.choice([-1.0, 1.0], blocks.shape)
        frames.append(np.stack([np.kron(blocks, np.ones((8, 8), np.float32))] * 3))
    feed(level, np.array(frames, np.float32))
    assert 0.6 < float(level.luma.min()) <= 1.0


def test_noise_of_a_drawn_picture_then_is_what_rounding_leaves():
    still = np.full(SHAPE, 77, np.float32)
    level = feed(NoiseLevel(*SHAPE[1:]), [still] * 5)
    assert level.chroma == pytest.approx(0.06**0.5)
    assert level.luma.max() == pytest.approx(0.06**0.5)
