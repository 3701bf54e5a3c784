import numpy as np
import pytest

from livecartoon.temporal.history import History
from livecartoon.temporal.planes import Planes, work_divisor


def flat(level, height=40, width=60):
    return np.full((height, width, 3), level, np.uint8)


def gain(value, height=20, width=30):
    return np.full((height, width), value, np.float32)


def started(level, height=40, width=60):
    history = History(height, width)
    history.seed(flat(level, height, width))
    return history


@pytest.mark.parametrize(("part", "level"), [(0.0, 100), (0.25, 125), (0.5, 150), (1.0, 200)])
def test_history_of_two_flat_frames_then_moves_by_the_gain(part, level):
    assert np.array_equal(started(100).blend(flat(200), gain(part)), flat(level))


def test_history_when_the_gain_is_one_then_shows_the_frame_bit_exactly():
    history = started(3, 41, 61)
    rng = np.random.default_rng(0)
    for _ in range(5):
        frame = rng.integers(0, 256, (41, 61, 3), dtype=np.uint8)
        history.blend(frame, gain(0.0517))
        assert np.array_equal(history.blend(frame, gain(1.0)), frame)


def test_history_of_a_frame_of_many_strips_then_each_row_follows_its_gain():
    history = started(0, 700, 90)
    upper = gain(0.0, 350, 45)
    upper[175:] = 1
    shown = history.blend(flat(80, 700, 90), upper)
    assert (shown[:348] == 0).all()
    assert (shown[352:] == 80).all()


def test_history_when_one_level_off_then_is_not_stuck():
    history = started(100)
    for _ in range(100):
        shown = history.blend(flat(101), gain(0.05))
    assert np.array_equal(shown, flat(101))


@pytest.mark.parametrize(
    ("hold", "levels"),  # the mean goes 100, 100.65, 100.91, 100.35, 100.14
    [(0.0, [101, 101, 100, 100]), (0.2, [100, 101, 101, 100]), (0.4, [100, 101, 101, 101])],
)
def test_history_between_two_levels_then_leaves_one_only_when_the_hold_is_passed(hold, levels):
    history = started(100)
    steps = (101, 0.65), (101, 0.75), (100, 0.62), (100, 0.6)
    shown = [history.blend(flat(drawn), gain(p), hold / (1 - p)) for drawn, p in steps]
    assert [int(picture[0, 0, 0]) for picture in shown] == levels


def test_history_when_held_and_open_then_shows_the_frame_bit_exactly():
    history = started(100)
    history.blend(flat(101), gain(0.3), 0.4)
    assert np.array_equal(history.blend(flat(101), gain(1.0), 0.4), flat(101))


def test_rebase_when_all_gets_brighter_then_follows_at_once():
    history = started(100)
    history.rebase(flat(110))
    assert np.array_equal(history.blend(flat(110), gain(0.0)), flat(110))


def test_rebase_then_never_passes_the_frame_and_leaves_detail_alone():
    history = started(100, 64, 64)
    frame = flat(120, 64, 64)
    frame[::2] = 100
    history.rebase(frame)
    shown = history.blend(frame, gain(0.0, 32, 32))
    assert (shown[::2] == 100).all()
    assert (shown[1::2] == 110).all()


@pytest.mark.parametrize(
    ("height", "width", "divisor"),
    [(1, 9, 1), (180, 320, 2), (720, 1280, 2), (1280, 720, 2), (1080, 1920, 3), (2160, 3840, 6)],
)
def test_work_divisor_then_keeps_the_working_picture_small(height, width, divisor):
    assert work_divisor(height, width) == divisor


def test_planes_of_a_flat_frame_then_are_its_luma_and_neutral_chroma():
    planes = Planes(27, 43)
    filled = np.empty((3, planes.height, planes.width), np.float32)
    planes.fill(flat(90, 27, 43), filled)
    assert (filled[0] == 90).all()
    assert (filled[1:] == 128).all()
