import tracemalloc

import numpy as np
import pytest

from livecartoon.temporal.crossfade import FADE_S, Crossfade
from tests.drawing import drawn_photo

WIDTH, HEIGHT = 128, 96


def still():
    return drawn_photo(WIDTH, HEIGHT)


def flat(level):
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def test_crossfade_of_a_still_source_then_goes_smoothly_from_old_to_new():
    fade = Crossfade(still(), flat(200), 5.0)
    levels = [int(fade(still(), flat(100), 5.0 + t)[40, 60, 0]) for t in (0, 0.1, 0.15, 0.2, 0.29)]
    assert levels[0] == 200
    assert levels == sorted(levels, reverse=True)
    assert levels[2] == pytest.approx(150, abs=1)
    assert levels[-1] <= 101


def test_crossfade_when_time_is_up_then_returns_the_very_frame():
    fade, styled = Crossfade(still(), flat(200), 0.0), flat(100)
    assert fade(still(), styled, FADE_S) is styled
    assert fade.is_over(FADE_S)


def test_crossfade_where_the_source_moves_then_shows_the_new_style_alone():
    moved = still()
    moved[20:60, 30:80] = 255 - moved[20:60, 30:80]
    shown = Crossfade(still(), flat(200), 0.0)(moved, flat(100), 0.05)
    assert (shown[24:56, 34:76] == 100).all()
    assert (shown[80:, 100:] > 180).all()


def test_crossfade_where_something_passed_then_does_not_bring_the_old_back():
    moved = still()
    moved[20:60, 30:80] = 255 - moved[20:60, 30:80]
    fade = Crossfade(still(), flat(200), 0.0)
    fade(moved, flat(100), 0.05)
    assert (fade(still(), flat(100), 0.1)[24:56, 34:76] == 100).all()


def test_crossfade_at_a_cut_then_ends_at_once_and_for_good():
    fade, styled = Crossfade(still(), flat(200), 0.0), flat(100)
    assert fade(255 - still(), styled, 0.05) is styled
    assert fade(still(), styled, 0.1) is styled


def test_crossfade_into_another_size_then_is_over():
    fade, small = Crossfade(still(), flat(200), 0.0), np.zeros((48, 64, 3), np.uint8)
    assert fade(small, small, 0.1) is small
    assert fade.is_over(0.1)


def test_crossfade_then_changes_neither_input():
    source, styled, old = still(), flat(100), flat(200)
    for picture in (source, styled, old):
        picture.setflags(write=False)
    Crossfade(source, old, 0.0)(source, styled, 0.1)
    assert (styled == 100).all()
    assert (old == 200).all()


def test_crossfade_takes_no_memory_but_for_its_result():
    source, styled = (np.full((360, 640, 3), level, np.uint8) for level in (40, 60))
    fade = Crossfade(source, source, 0.0)
    fade(source, styled, 0.05)
    tracemalloc.start()
    try:
        fade(source, styled, 0.1)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 1.5 * styled.nbytes
