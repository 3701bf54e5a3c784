"""Choosing and cutting training pictures."""

import numpy as np
import pytest

from tests.drawing import drawn_photo
from trainer.data.sift import Duplicates, crop_bars, cut, difference_hash, reason_to_drop


def test_crop_bars_of_a_letterbox_then_leaves_the_picture():
    photo = drawn_photo(64, 36)
    boxed = np.zeros((60, 70, 3), np.uint8)
    boxed[12:48, 3:67] = photo
    assert (crop_bars(boxed) == photo).all()


def test_crop_bars_of_a_black_picture_then_leaves_it():
    assert crop_bars(np.zeros((8, 9, 3), np.uint8)).shape == (8, 9, 3)


def test_reason_to_drop_then_names_each():
    photo = drawn_photo(96, 64)
    ramp = np.tile(np.linspace(60, 200, 96).astype(np.uint8)[None, :, None], (64, 1, 3))
    assert reason_to_drop(photo) is None
    assert reason_to_drop(photo // 20) == "dark"
    assert reason_to_drop(255 - photo // 40) == "bright"
    assert reason_to_drop(np.full((64, 96, 3), 128, np.uint8)) == "flat"
    assert reason_to_drop(ramp) == "blurred"


def test_difference_hash_of_a_rising_ramp_then_sets_every_bit():
    ramp = np.tile(np.linspace(0, 200, 90).astype(np.uint8)[None, :, None], (40, 1, 3))
    assert difference_hash(ramp) == 2**64 - 1
    assert difference_hash(ramp[:, ::-1]) == 0


def test_difference_hash_of_a_brighter_copy_then_is_near():
    photo = drawn_photo(96, 64)
    brighter = np.clip(photo.astype(int) + 12, 0, 255).astype(np.uint8)
    assert (difference_hash(photo) ^ difference_hash(brighter)).bit_count() < 6
    assert (difference_hash(photo) ^ difference_hash(photo[:, ::-1])).bit_count() > 6


@pytest.mark.parametrize(("only_last", "is_third_repeated"), [(True, False), (False, True)])
def test_duplicates_then_remember_the_last_or_all(only_last, is_third_repeated):
    photo = drawn_photo(96, 64)
    is_repeated = Duplicates(only_last=only_last)
    assert not is_repeated(photo)
    assert is_repeated(photo)
    assert not is_repeated(photo[::-1])
    assert is_repeated(photo) == is_third_repeated


def test_cut_one_then_is_the_middle_of_the_shrunk_picture():
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96] = 200
    (square,) = cut(wide, 32)
    assert square.shape == (32, 32, 3)
    assert (square == 200).all()


def test_cut_several_then_spread_evenly_with_the_middle_first():
    wide = np.tile(np.arange(96, dtype=np.uint8)[None, :, None], (32, 1, 3))
    squares = cut(wide, 32, 5)
    assert [int(square[0, 0, 0]) for square in squares] == [32, 0, 64]
    assert len(cut(wide, 32, 2)) == 2


def test_cut_with_a_scale_then_keeps_the_width_of_lines():
    panel = np.full((200, 200, 3), 255, np.uint8)
    panel[:, 98:102] = 0
    (square,) = cut(panel, 64, scale=0.5)
    assert (square[0, :, 0] < 128).sum() == 2


def test_cut_of_a_picture_smaller_than_the_square_then_enlarges():
    (square,) = cut(drawn_photo(40, 24), 32, scale=0.5)
    assert square.shape == (32, 32, 3)
