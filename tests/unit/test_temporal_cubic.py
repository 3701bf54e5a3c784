"""Bicubic reading along a motion, beside OpenCV's."""

import cv2
import numpy as np
import pytest

from livecartoon.temporal.cubic import fetch_cubic


def by_opencv(picture, flow):
    height, width = picture.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    places = grid + flow.transpose(1, 2, 0)
    found = cv2.remap(picture, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(found.reshape(picture.shape), 0, 255)


def fetched(picture, flow, times=1.0, strip=7):
    height, width = picture.shape[:2]
    out = np.full((height, 3 * width), -1, np.float32)
    whole = picture.reshape(height, -1)
    for top in range(0, height, strip):
        fetch_cubic(whole, flow, np.float32(times), top, out[top : top + strip])
    return out.reshape(picture.shape)


def lively(height, width):
    rng = np.random.default_rng(width)
    return 255 * rng.random((height, width, 3), dtype=np.float32)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 5), (4, 4), (40, 60), (61, 133)])
@pytest.mark.parametrize("reach", [0.3, 5.0, 200.0])
def test_fetch_of_any_motion_then_is_opencvs_within_rounding(height, width, reach):
    flow = np.random.default_rng(7).normal(0, reach, (2, height, width)).astype(np.float32)
    picture = lively(height, width)
    assert fetched(picture, flow) == pytest.approx(by_opencv(picture, flow), abs=0.01)


def test_fetch_when_told_to_go_twice_as_far_then_does():
    flow = np.random.default_rng(2).normal(0, 3, (2, 30, 50)).astype(np.float32)
    picture = lively(30, 50)
    assert fetched(picture, flow, 2.0) == pytest.approx(by_opencv(picture, 2 * flow), abs=0.01)


def test_fetch_when_nothing_moves_then_is_the_picture_bit_exactly():
    picture = lively(24, 36)
    assert np.array_equal(fetched(picture, np.zeros((2, 24, 36), np.float32)), picture)


def test_fetch_by_whole_pixels_then_shifts():
    picture = lively(24, 36)
    flow = np.zeros((2, 24, 36), np.float32)
    flow[0], flow[1] = 3, -2
    assert np.array_equal(fetched(picture, flow)[2:, :-3], picture[:-2, 3:])
