"""Measures of single pictures and of pairs against numbers worked out by hand."""

import cv2
import numpy as np
import pytest

from tests.drawing import drawn_photo
from trainer.metrics.cartoonness import (
    VECTOR,
    Cartoonness,
    cartoonness,
    colourfulness,
    headline,
    mean_of,
)
from trainer.metrics.edges import edge_score, line_score
from trainer.metrics.ssim import multiscale_ssim, ssim


def plain(level, side=32):
    return np.full((side, side, 3), level, np.uint8)


def checkerboard(side=32):
    board = np.indices((side, side)).sum(0) % 2 * 255
    return np.repeat(board[..., None], 3, 2).astype(np.uint8)


def test_ssim_of_two_greys_then_the_known_value():
    assert ssim(plain(100), plain(120)) == pytest.approx(0.983611, abs=1e-6)


def test_ssim_of_a_checkerboard_and_its_inverse_then_nearly_minus_one():
    board = checkerboard()
    assert ssim(board, 255 - board) == pytest.approx(-0.9964, abs=1e-4)


def test_multiscale_ssim_of_a_picture_with_itself_then_one_and_less_after_blur():
    photo = drawn_photo(128, 128)
    blurred = cv2.GaussianBlur(photo, (0, 0), 3)
    assert multiscale_ssim(photo, photo) == pytest.approx(1)
    assert multiscale_ssim(photo, blurred) < 0.97
    assert multiscale_ssim(checkerboard(128), 255 - checkerboard(128)) == 0


def test_edges_of_a_picture_with_itself_then_all_found():
    photo = drawn_photo(128, 96)
    assert edge_score(photo, photo) == pytest.approx(1)
    assert edge_score(plain(7), plain(90)) == 1.0


def test_edges_of_a_shifted_picture_then_found_within_two_pixels_only():
    photo = cv2.GaussianBlur(drawn_photo(160, 120), (0, 0), 2)
    near, far = (edge_score(np.roll(photo, shift, 1), photo) for shift in (2, 6))
    assert near > 0.95
    assert far < 0.8


def test_line_score_of_columns_then_depends_on_the_reach():
    found, wanted = np.zeros((2, 16, 16), bool)
    found[:, 4], wanted[:, 6] = True, True
    assert line_score(found, wanted, reach=1) == 0
    assert line_score(found, wanted, reach=2) == pytest.approx(1)


def test_colourfulness_of_plain_colours_then_the_known_values():
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    halves = red.copy()
    halves[:, 4:] = (0, 0, 255)
    assert colourfulness(red) == pytest.approx(85.5296, abs=1e-4)
    assert colourfulness(halves) == pytest.approx(272.6187, abs=1e-4)
    assert colourfulness(plain(77)) == 0


def test_cartoonness_of_a_black_column_on_grey_then_the_known_shares():
    picture = plain(119, 16)
    picture[:, 8] = 0
    found = cartoonness(picture)
    assert (found.flat, found.strong, found.mid) == (0.875, 0.125, 0)
    assert (found.dark_line, found.light_line, found.n90) == (0.0625, 0, 1)
    assert found.clipped == 0.0625
    assert found.polarity == 1
    assert found.entropy == pytest.approx(-(1 / 16 * np.log2(1 / 16) + 15 / 16 * np.log2(15 / 16)))
    assert found.chroma == pytest.approx(0, abs=0.02)  # OpenCV's tables


def test_cartoonness_of_a_flattened_photo_then_flatter_with_its_edges():
    grain = np.random.default_rng(1).normal(0, 9, (128, 192, 3))
    photo = np.clip(drawn_photo(192, 128) + grain, 0, 255).astype(np.uint8)
    flattened = cv2.pyrMeanShiftFiltering(photo, 8, 40)
    blurred = cv2.GaussianBlur(photo, (0, 0), 2)
    of_photo, of_flat, of_blur = (mean_of([cartoonness(p)]) for p in (photo, flattened, blurred))
    ratio, is_blurred = headline(of_flat, of_photo)
    assert ratio > 1.2
    assert not is_blurred
    assert of_flat["n90"] < of_photo["n90"]
    ratio, is_blurred = headline(of_blur, of_photo)
    assert ratio > 1.2
    assert is_blurred


def test_vector_of_statistics_then_twelve_of_them():
    assert len(VECTOR) == 12
    assert set(VECTOR) < set(Cartoonness.__dataclass_fields__)
