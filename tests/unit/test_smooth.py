"""Edge-smoothed cartoons, against examples worked out with OpenCV's published steps."""

import numpy as np
import pytest

from trainer.data.smooth import smooth_edges


def rows_of(levels, height):
    """A picture whose rows and channels are all `levels`."""
    row = np.array(levels, np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, len(levels), 3)))


@pytest.mark.parametrize(
    ("height", "levels", "wanted"),
    [
        (8, [0] * 4 + [200] * 4, [0, 0, 13, 63, 138, 188, 200, 200]),
        # exact values 188.75, 155, 132.5, and 59.4, 96.9, 153.1, 190.6: rounded, not truncated
        (9, [200] * 4 + [20] + [200] * 4, [200, 200, 189, 155, 133, 155, 189, 200, 200]),
        (8, [50] * 9 + [200] * 3, [*[50] * 7, 59, 97, 153, 191, 200]),
    ],
    ids=["step", "line", "step near the rim"],
)
def test_smooth_edges_of_a_worked_example_then_is_bit_exact(height, levels, wanted):
    smoothed = smooth_edges(rows_of(levels, height))
    assert smoothed.dtype == np.uint8
    assert (smoothed == rows_of(wanted, height)).all()


def test_smooth_edges_of_a_flat_picture_then_changes_nothing():
    flat = np.full((16, 16, 3), (10, 200, 90), np.uint8)
    assert (smooth_edges(flat) == flat).all()


def test_smooth_edges_away_from_edges_then_keeps_texture():
    texture = np.random.default_rng(0).integers(96, 104, (32, 32, 3)).astype(np.uint8)
    texture[:, 24:] = 250
    smoothed = smooth_edges(texture)
    assert (smoothed[:, :20] == texture[:, :20]).all()
    assert (smoothed[:, 22:26] != texture[:, 22:26]).any()
