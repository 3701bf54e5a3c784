"""Saliency targets: barrier distance, background detection and their combination."""

import numpy as np
import pytest

from trainer.data.saliency import saliency_target
from trainer.data.saliency.barrier import barrier_distance, barrier_saliency
from trainer.data.saliency.planes import to_lab, to_unit
from trainer.data.saliency.regions import background_weights, geodesic, region_saliency, solve
from trainer.data.saliency.superpixels import superpixels


def draw_disc(side=128, radius=26):
    """A bright disc on a flat field, and where it is."""
    y, x = np.mgrid[:side, :side]
    inside = np.hypot(x - 0.52 * side, y - 0.45 * side) < radius
    picture = np.where(inside[..., None], (230, 220, 200), (60, 70, 90)).astype(np.uint8)
    return picture, inside


def by_raster(plane, passes=3):
    """Algorithm 1 pixel by pixel."""
    height, width = plane.shape
    distance = np.full(plane.shape, np.inf)
    distance[[0, -1]] = distance[:, [0, -1]] = 0
    high, low = plane.copy(), plane.copy()
    for number in range(passes):
        step = 1 if number % 2 == 0 else -1
        for y in range(height)[::step]:
            for x in range(width)[::step]:
                for v, u in ((y - step, x), (y, x - step)):
                    if 0 <= v < height and 0 <= u < width:
                        top = max(high[v, u], plane[y, x])
                        bottom = min(low[v, u], plane[y, x])
                        if np.isfinite(distance[v, u]) and top - bottom < distance[y, x]:
                            distance[y, x], high[y, x], low[y, x] = top - bottom, top, bottom
    return distance


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (1, 5), (3, 3)])
def test_barrier_distance_by_diagonals_then_equals_the_raster_scan(shape):
    planes = np.random.default_rng(4).random((2, *shape)).astype(np.float32)
    found = barrier_distance(planes)
    for channel in range(2):
        assert found[channel] == pytest.approx(by_raster(planes[channel]), abs=1e-6)


def test_barrier_distance_inside_a_wall_then_is_the_height_of_the_wall():
    plane = np.full((7, 7), 1.0, np.float32)
    plane[2:5, 2:5] = 5.0
    plane[3, 3] = 2.0
    distance = barrier_distance(plane[None])[0]
    assert distance[3, 3] == 4.0  # up from 1 to 5, then down to 2
    assert distance[2, 2] == 4.0
    assert distance[1, 1] == 0.0


def test_geodesic_when_a_detour_is_shorter_then_takes_it():
    edges = np.array([[np.inf, 9, 1], [9, np.inf, 2], [1, 2, np.inf]])
    assert geodesic(edges).tolist() == [[0, 3, 1], [3, 0, 2], [1, 2, 0]]


def test_background_weights_of_a_region_at_the_border_then_are_high():
    apart = np.abs(np.subtract.outer([0, 0, 0, 90.0], [0, 0, 0, 90.0]))
    adjacent = np.ones((4, 4), bool) & ~np.eye(4, dtype=bool)
    weights = background_weights(apart, adjacent, np.array([True, True, True, False]))
    # Three alike patches, all at the border: BndCon = 3 / sqrt(3); the fourth touches nothing.
    assert weights[:3] == pytest.approx(1 - np.exp(-1.5), abs=1e-6)
    assert weights[3] == pytest.approx(0, abs=1e-6)


def test_solve_of_two_patches_then_is_the_minimum():
    values = solve(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([[0, 2.0], [2.0, 0]]))
    # s1 + 2 (s1 - s2) = 0 and (s2 - 1) + 2 (s2 - s1) = 0
    assert values == pytest.approx([0.4, 0.6], abs=1e-6)


def test_superpixels_then_use_every_label_and_stay_small():
    picture, _ = draw_disc()
    labels = superpixels(to_lab(picture), 100)
    sizes = np.bincount(labels.ravel())
    assert labels.shape == (128, 128)
    assert 70 <= len(sizes) <= 130
    assert sizes.min() > 0
    assert sizes.max() < 6 * 128 * 128 / 100


@pytest.mark.parametrize("method", [barrier_saliency, region_saliency])
def test_one_method_of_a_disc_then_finds_it(method):
    picture, inside = draw_disc()
    found = to_unit(method(to_lab(picture)))
    assert found[inside].mean() > 0.8
    assert found[~inside].mean() < 0.2


@pytest.mark.parametrize("side", [96, 256])
def test_saliency_target_of_a_disc_then_is_high_inside_only(side):
    picture, inside = draw_disc(side, side // 5)
    target = saliency_target(picture) / 255
    assert target[inside].mean() > 0.8
    assert target[~inside].mean() < 0.2


def test_saliency_target_of_a_flat_picture_then_is_nought():
    assert not saliency_target(np.full((64, 48, 3), 90, np.uint8)).any()


def test_saliency_target_twice_then_is_the_same():
    noise = np.random.default_rng(3).integers(0, 256, (48, 80, 3)).astype(np.uint8)
    first = saliency_target(noise)
    assert first.shape == (48, 80)
    assert first.dtype == np.uint8
    assert (saliency_target(noise) == first).all()
