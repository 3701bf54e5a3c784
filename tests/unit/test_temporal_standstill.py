"""Frames, and parts of frames, that bring nothing new."""

from itertools import pairwise

import numpy as np
import pytest

from livecartoon.temporal import open_temporal
from livecartoon.temporal.standstill import Standstill
from tests.drawing import drawn_photo

HEIGHT, WIDTH = 96, 128
MODES = ("auto", "blend", "flow")


def planes(level=100.0):
    return np.full((3, HEIGHT // 2, WIDTH // 2), level, np.float32)


def flat(level):
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def looked(now, before):
    standstill = Standstill(HEIGHT // 2, WIDTH // 2)
    standstill.look(now, before)
    return standstill


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_standstill_of_one_changed_pixel_then_only_its_surroundings_are_new(plane):
    now = planes()
    now[plane, 20, 30] += 1
    unchanged = looked(now, planes()).unchanged
    assert not unchanged[17:24, 27:34].any()
    assert unchanged.sum() == unchanged.size - 49


@pytest.mark.parametrize(("drawn", "is_settled"), [(100, True), (102, True), (97, False)])
def test_standstill_where_the_drawn_is_far_from_the_shown_then_is_not_settled(drawn, is_settled):
    standstill = looked(planes(), planes())
    standstill.remember(flat(100))
    assert (standstill.settled(flat(drawn)) == is_settled).all()


def test_standstill_when_all_is_new_then_nothing_is_settled():
    assert looked(planes(101), planes(100)).settled(flat(0)) is None


def coded(count, every=5, seed=0):
    """A still photo of which a codec moves each block by a level now and then, else nothing."""
    rng, photo = np.random.default_rng(seed), drawn_photo(WIDTH, HEIGHT).astype(np.int16)
    frames = []
    for i in range(count):
        if i % every == 0:
            steps = rng.integers(-1, 2, (HEIGHT // 16, WIDTH // 16, 1))
            now = np.clip(photo + steps.repeat(16, 0).repeat(16, 1), 0, 255).astype(np.uint8)
        frames.append(now)
    return frames


def changes(frames):
    return [float(np.abs(b.astype(int) - a).mean()) for a, b in pairwise(frames)]


@pytest.mark.parametrize("mode", MODES)
def test_mode_of_a_coded_source_then_changes_less_than_the_source(mode):
    filter_, frames = open_temporal(mode, 0.6), coded(60)
    shown = [filter_(frame, frame, i / 30) for i, frame in enumerate(frames)]
    assert sum(changes(shown)[20:]) < 0.5 * sum(changes(frames)[20:])


@pytest.mark.parametrize("mode", MODES)
def test_mode_when_a_frame_is_repeated_then_hardly_anything_moves(mode):
    filter_, rng, moved = open_temporal(mode, 0.6), np.random.default_rng(1), []
    photo, before = drawn_photo(WIDTH, HEIGHT), None
    for i in range(40):
        if i % 2 == 0:
            frame = np.clip(photo + rng.normal(0, 1, photo.shape), 0, 255).astype(np.uint8)
        shown = filter_(frame, frame, i / 30)
        if i % 2:
            moved.append(float(np.abs(shown.astype(int) - before).mean()))
        before = shown
    assert max(moved[5:]) < 0.05


def test_flow_beside_what_moves_then_what_a_codec_left_stays_where_it_is():
    filter_, photo = open_temporal("flow", 0.6), drawn_photo(WIDTH + 60, HEIGHT)
    shown = []
    for i in range(16):
        frame = np.concatenate([photo[:, 2 * i : 2 * i + 64], photo[:, 100 : WIDTH + 36]], 1)
        shown.append(filter_(frame, frame, i / 30))
    assert all(np.array_equal(a[:, 88:], b[:, 88:]) for a, b in pairwise(shown))


@pytest.mark.parametrize(("untouched", "is_common"), [(0, False), (0.05, True)])
def test_standstill_when_a_codec_leaves_some_of_every_frame_alone_then_is_common(
    untouched, is_common
):
    standstill = Standstill(HEIGHT // 2, WIDTH // 2)
    rng = np.random.default_rng(5)
    before = planes()
    for _ in range(20):
        now = before + rng.normal(0, 2, before.shape).astype(np.float32)
        rows = int(untouched * now.shape[1]) + 6  # the reach of what changes above and below
        if untouched:
            now[:, :rows] = before[:, :rows]
        standstill.look(now, before)
        before = now
    assert standstill.is_common == is_common
