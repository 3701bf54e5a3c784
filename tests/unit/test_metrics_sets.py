"""Distances between sets of pictures against numbers worked out by hand."""

import numpy as np
import pytest

from trainer.metrics.artfid import artfid, artfid_name
from trainer.metrics.bootstrap import draws, interval
from trainer.metrics.frechet import frechet_at_infinity, frechet_distance, frechet_of_moments
from trainer.metrics.kid import kernel_distance, kernel_distance_of_subsets
from trainer.metrics.palette import colour_samples, palette_distance

SQUARE = np.array([(0, 0), (2, 0), (0, 2), (2, 2)], float)
TALL = np.array([(1, 1), (3, 1), (1, 5), (3, 5)], float)


def test_frechet_of_scalar_normals_then_ten():
    found = frechet_of_moments(np.zeros(1), np.eye(1), np.full(1, 3.0), np.full((1, 1), 4.0))
    assert found == pytest.approx(10)


def test_frechet_of_diagonal_normals_then_thirteen():
    means = np.array([0.0, 0.0]), np.array([1.0, 2.0])
    found = frechet_of_moments(means[0], np.diag([1.0, 4]), means[1], np.diag([9.0, 16]))
    assert found == pytest.approx(13)


def test_frechet_of_samples_then_the_known_value():
    assert frechet_distance(SQUARE, TALL) == pytest.approx(19 / 3, abs=1e-12)


@pytest.mark.parametrize("counts", [(5, 7), (40, 6), (50, 60)])
def test_frechet_with_few_or_many_pictures_then_equals_the_matrix_root(counts):
    linalg = pytest.importorskip("scipy.linalg")
    rng = np.random.default_rng(3)
    one, other = (rng.normal(size=(n, 12)) @ rng.normal(size=(12, 12)) for n in counts)
    covariances = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    if min(counts) < 13:  # the root of a singular product is what the nuclear norm avoids
        covariances = tuple(c + 1e-9 * np.eye(12) for c in covariances)
    root = np.trace(linalg.sqrtm(covariances[0] @ covariances[1])).real
    shift = np.square(one.mean(0) - other.mean(0)).sum()
    wanted = shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root
    assert frechet_distance(one, other) == pytest.approx(wanted, rel=1e-4)


def test_frechet_of_equal_distributions_then_biased_as_theory_says():
    rng = np.random.default_rng(0)
    count, d = 400, 64
    found = [frechet_distance(*rng.normal(size=(2, count, d))) for _ in range(5)]
    assert np.mean(found) == pytest.approx((d * d / 2 + 2 * d) / count, rel=0.1)


def test_frechet_at_infinity_of_equal_distributions_then_far_below_the_plain_value():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 600, 32))
    assert abs(frechet_at_infinity(one, other, rng)) < 0.25 * frechet_distance(one, other)


def test_kernel_distance_of_numbers_then_the_known_values():
    one, other = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    assert kernel_distance(one, other) == pytest.approx(297.5)
    assert kernel_distance(SQUARE, TALL) == pytest.approx(486.8333, abs=1e-4)


def test_kernel_distance_of_equal_distributions_then_zero_on_average():
    rng = np.random.default_rng(2)
    found = np.array([kernel_distance(*rng.normal(size=(2, 60, 8))) for _ in range(200)])
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(len(found))
    assert found.min() < 0


def test_kernel_distance_of_subsets_then_near_the_whole():
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=(80, 8)), rng.normal(size=(300, 8)) + 1
    mean, deviation = kernel_distance_of_subsets(one, other, rng)
    assert mean == pytest.approx(kernel_distance(one, other), abs=deviation)
    assert deviation > 0


def test_artfid_of_the_papers_numbers_then_their_product():
    assert artfid(0.45, 23.7) == pytest.approx(35.815)


def test_artfid_with_other_networks_then_not_called_so():
    assert artfid_name("LPIPS(alex)", "FID(art)") == "ArtFID"
    assert artfid_name("1-MSSSIM", "FD(rand-v1)") == "ArtFD(rand-v1, 1-MSSSIM)"


def test_palette_of_a_shift_of_ten_in_any_direction_then_five():
    rng = np.random.default_rng(5)
    colours = rng.normal(size=(2000, 3)) * 20
    for direction in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        moved = colours + 10 * np.array(direction)
        assert palette_distance(colours, moved) == pytest.approx(5.0, abs=0.01)


def test_colour_samples_of_two_pictures_then_half_from_each():
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    light = colour_samples([black, white], count=100)[:, 0]
    assert light[:50].max() == pytest.approx(0, abs=1e-3)
    assert light[50:].min() == pytest.approx(100, abs=1e-3)


def test_interval_of_biased_draws_then_still_holds_the_value():
    value, low, high = interval(10.0, np.linspace(14, 16, 201))
    assert (value, low, high) == pytest.approx((10, 9.05, 10.95))


def test_interval_without_draws_then_the_value_alone():
    assert interval(3.0, []) == (3.0, 3.0, 3.0)


def test_draws_with_the_same_seed_then_equal():
    first, second = (draws(9, 3, np.random.default_rng(7)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert max(part.max() for part in first) < 9
