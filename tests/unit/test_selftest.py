import numpy as np
import pytest

from livecartoon.backends.selftest import (
    compare,
    fingerprints,
    first_fault,
    recheck,
    run_selftest,
    selftest_frames,
    thumbnail,
)
from livecartoon.backends.watchdog import Watchdog
from tests.drawing import drawn_photo

NAMES = {"black", "white", "grey", "gradient", "noise", "checker", "face", "scene"}


def same(pixels):
    return pixels


def black(pixels):
    return np.zeros_like(pixels)


def test_frames_when_drawn_then_eight_and_always_the_same():
    first, second = (dict(selftest_frames(64, 48)) for _ in range(2))
    assert set(first) == NAMES
    for name, frame in first.items():
        assert frame.shape == (48, 64, 3)
        assert frame.dtype == np.uint8
        assert np.array_equal(frame, second[name])


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (17, 33)])
def test_frames_when_tiny_then_still_work(size):
    assert first_fault(run_selftest(same, same, *size)) is None
    assert recheck(same, *size, fingerprints(same, *size)) is None


def test_engine_when_it_draws_black_then_fails_on_what_is_not_black():
    results = run_selftest(black, same, 64, 48)
    assert {r.frame for r in results if r.fault} == NAMES - {"black"}
    assert "one colour" in str(next(r.fault for r in results if r.frame == "face"))


def test_engine_when_a_level_off_then_passes_and_two_off_then_not():
    photo = np.clip(drawn_photo(64, 48), 0, 250)
    assert compare("x", photo, photo + 1, photo).fault is None
    assert "mean difference 2.00" in str(compare("x", photo, photo + 2, photo).fault)


def test_engine_when_a_few_pixels_are_far_off_then_psnr_fails():
    photo = drawn_photo(64, 48)
    broken = photo.copy()
    broken[:1, :10] ^= 128
    found = compare("x", photo, broken, photo)
    assert found.mean_abs < 1
    assert "below 38" in str(found.fault)
    # 10 of 3072 pixels off by 128: 10 log10(255^2 / (128^2 * 10 / 3072)) = 30.9 dB
    assert found.psnr == pytest.approx(30.9, abs=0.1)


def test_recheck_when_the_loaded_engine_draws_otherwise_then_says_which_frame():
    stored = fingerprints(same, 64, 48)
    assert recheck(same, 64, 48, stored) is None
    assert "scene" in str(recheck(black, 64, 48, stored))
    assert "no thumbnail" in str(recheck(same, 64, 48, {}))


def test_thumbnail_when_cells_are_uneven_then_means_by_hand():
    picture = np.zeros((10, 17, 3), np.uint8)
    picture[:, 16] = 100
    # The last of 16 columns of a 17 wide picture holds columns 15 and 16: half of 100.
    assert thumbnail(picture)[0, -1].tolist() == [50, 50, 50]


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def test_watchdog_when_flat_for_two_seconds_then_barks_once_a_second_is_enough():
    clock = Clock()
    watch = Watchdog(clock)
    photo = drawn_photo(64, 48)
    faults = []
    for tenth in range(25):
        clock.now_s = tenth / 10
        faults.append(watch(photo, black(photo)))
    assert faults[0] is None
    assert [n for n, fault in enumerate(faults) if fault] == [10, 20]


def test_watchdog_when_the_source_is_flat_too_or_recovers_then_silent():
    clock = Clock()
    watch = Watchdog(clock)
    photo = drawn_photo(64, 48)
    for second, (source, drawn) in enumerate(
        [(black(photo), black(photo)), (photo, black(photo)), (photo, photo), (photo, black(photo))]
    ):
        clock.now_s = float(second)
        assert watch(source, drawn) is None
