from __future__ import annotations

import time
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from livecartoon.errors import UsageError
from livecartoon.sources.pattern import (
    PatternSource,
    read_time_code,
    write_time_code,
)


@pytest.mark.parametrize(("counter", "clock_ms"), [(0, 0), (1, 65535), (43690, 21845), (65535, 1)])
def test_time_code_written_then_read_is_the_same(counter, clock_ms):
    pixels = np.full((96, 200, 3), 90, np.uint8)
    write_time_code(pixels, counter, clock_ms)
    assert read_time_code(pixels) == (counter, clock_ms)


def test_time_code_beyond_16_bits_wraps():
    pixels = np.zeros((96, 200, 3), np.uint8)
    write_time_code(pixels, 65536 + 5, 65536 * 3 + 9)
    assert read_time_code(pixels) == (5, 9)


def test_time_code_of_a_picture_too_small_for_it_is_left_out():
    pixels = np.full((46, 80, 3), 7, np.uint8)
    write_time_code(pixels, 5, 6)
    assert (pixels == 7).all()
    assert read_time_code(pixels) is None


def test_time_code_under_noise_is_still_read():
    pixels = np.zeros((96, 200, 3), np.uint8)
    write_time_code(pixels, 1234, 5678)
    noise = np.random.default_rng(1).integers(-60, 60, pixels.shape)
    assert read_time_code((pixels + noise).clip(0, 255).astype(np.uint8)) == (1234, 5678)


def test_time_code_where_none_was_drawn_is_none():
    assert read_time_code(np.full((96, 200, 3), 128, np.uint8)) is None
    assert read_time_code(np.zeros((96, 200, 3), np.uint8)) is None
    assert read_time_code(np.zeros((4, 20, 3), np.uint8)) is None


def test_pattern_frames_carry_their_number_and_time():
    frames = list(PatternSource(320, 180, Fraction(25), frames=4))
    assert [read_time_code(f.pixels) for f in frames] == [(0, 0), (1, 40), (2, 80), (3, 120)]
    assert [f.pts for f in frames] == [0, 1, 2, 3]
    assert frames[0].time_base == Fraction(1, 25)
    assert all(f.pixels.flags.c_contiguous and f.captured_s is None for f in frames)


def test_pattern_moves_from_frame_to_frame():
    first, second = (f.pixels.astype(int) for f in PatternSource(320, 180, frames=2))
    assert np.abs(first - second)[:150].mean() > 0.1


def test_pattern_when_drawn_twice_is_the_same():
    first, second = (list(PatternSource(320, 180, frames=3)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_pattern_pan_over_its_whole_period_is_seamless():
    source = PatternSource(320, 180, Fraction(1), frames=24)
    for frame in source:
        columns = frame.pixels[:160].astype(int)
        assert np.abs(np.diff(columns, axis=1))[:20].max() <= 3  # sky only: no seam


def test_pattern_when_live_keeps_its_pace_and_stamps_capture():
    source = PatternSource(320, 180, Fraction(50), frames=6, is_live=True)
    start_s = time.monotonic()
    frames = list(source)
    assert time.monotonic() - start_s >= 0.09
    assert all(f.captured_s is not None and f.captured_s >= start_s for f in frames)


def test_pattern_when_live_and_read_late_skips_frames():
    source = PatternSource(320, 180, Fraction(100), is_live=True)
    numbers = []
    for frame in islice(source, 3):
        numbers.append(frame.pts)
        time.sleep(0.05)
    assert numbers[1] >= 5
    assert numbers[2] > numbers[1]


@pytest.mark.parametrize(
    ("text", "size", "rate", "frames"),
    [
        ("pattern:", (1280, 720), Fraction(30), None),
        ("pattern:640x360", (640, 360), Fraction(30), None),
        ("pattern:640x360@30000/1001", (640, 360), Fraction(30000, 1001), None),
        ("pattern:@12.5,seconds=2", (1280, 720), Fraction(25, 2), 25),
        ("pattern:320x180,frames=7", (320, 180), Fraction(30), 7),
    ],
)
def test_pattern_text_names_size_rate_and_length(text, size, rate, frames):
    info = PatternSource.parse(text).info
    assert ((info.width, info.height), info.rate, info.frames) == (size, rate, frames)


@pytest.mark.parametrize(
    "text", ["pattern:x", "pattern:10x10", "pattern:9999x9999", "pattern:@0", "pattern:@30/0"]
)
def test_pattern_text_that_makes_no_sense_is_a_usage_error(text):
    with pytest.raises(UsageError) as caught:
        PatternSource.parse(text)
    assert caught.value.code == "E201"
