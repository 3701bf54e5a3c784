"""The pixel-art finish of a stream, and the frames that decide its look."""

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from livecartoon.config import SnapOptions, SnapPlan
from livecartoon.errors import UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.snapping import spread
from livecartoon.models.snap import SnapVote
from livecartoon.snap import Snap
from livecartoon.snap.cells import Cells
from livecartoon.snap.grid import Grid
from livecartoon.snap.palette import bin_of, find_palette, lookup_table
from tests.drawing import drawn_photo, moving_picture

PHOTO = drawn_photo(192, 128)


def draw_cells(cell, rows=22, columns=30, seed=5):
    """Blobs of a dozen colours in exact cells."""
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (rows, columns, 3)), (0, 0), 1.2)
    levels = np.rint(np.clip(field / field.std(), -1, 1)) * 90 + 128
    return np.ascontiguousarray(levels.astype(np.uint8).repeat(cell, 0).repeat(cell, 1))


@pytest.mark.parametrize("count", [16, 32, 64])
def test_snap_of_a_snapped_picture_then_changes_nothing(count):
    plan = Snap(SnapOptions(cell=6, colors=count)).learn([PHOTO])
    options = SnapOptions(plan=plan, orphans=False)
    once = Snap(options)(PHOTO)
    assert (Snap(options)(once) == once).all()
    assert not (once == PHOTO).all()


@pytest.mark.parametrize("changes", [{}, {"orphans": False}, {"dither": True}, {"colors": 5}])
def test_snap_then_every_cell_has_one_colour_of_few(changes):
    snapped = Snap(SnapOptions(cell=7, **changes))(PHOTO)
    assert snapped.shape == PHOTO.shape
    assert (snapped == np.roll(snapped[::7, ::7].repeat(7, 0).repeat(7, 1)[:128, :192], 0)).all()
    assert len(np.unique(snapped.reshape(-1, 3), axis=0)) <= changes.get("colors", 16)


def test_snap_of_a_noisy_stream_then_is_steadier_than_frame_by_frame():
    rng = np.random.default_rng(1)
    noisy = [
        np.clip(PHOTO + cv2.GaussianBlur(rng.normal(0, 40, PHOTO.shape), (0, 0), 1.5), 0, 255)
        for _ in range(8)
    ]
    frames = [frame.astype(np.uint8) for frame in noisy]
    plan = Snap(SnapOptions(cell=6)).learn(frames)

    def changes(**options):
        snap = Snap(SnapOptions(plan=plan, orphans=False, **options))
        shown = [snap(frame) for frame in frames]
        moved = [(a != b).any(-1).mean() for a, b in pairwise(shown)]
        return float(np.mean(moved))

    assert changes() < 0.4 * changes(vote_memory=0.0, vote_margin=0.0)


def test_snap_at_a_cut_then_shows_the_new_scene_at_once():
    other = np.ascontiguousarray(255 - PHOTO[::-1])
    snap = Snap(SnapOptions(cell=6))
    plan = snap.learn([PHOTO, other])
    snap(PHOTO)
    assert (snap(other) == Snap(SnapOptions(plan=plan))(other)).all()


def test_snap_per_scene_then_changes_its_palette_at_a_cut_only():
    other = np.ascontiguousarray(255 - PHOTO[::-1])
    snap = Snap(SnapOptions(cell=6, palette="per-scene"))
    snap(PHOTO)
    first = snap.palette
    snap(PHOTO)
    assert snap.palette is first
    snap(other)
    assert len(first) != len(snap.palette) or (first != snap.palette).any()


def test_snap_of_a_camera_then_settles_after_fifteen_frames():
    snap = Snap(SnapOptions())
    cells = draw_cells(8, rows=16, columns=24)
    seen = []
    for index in range(20):
        snap(PHOTO[:128, :192] if index == 0 else cells)
        seen.append(snap.palette)
    assert seen[13] is seen[0]
    assert seen[14] is not seen[13]
    assert seen[19] is seen[14]


def test_snap_with_a_palette_file_then_uses_its_colours(tmp_path):
    path = tmp_path / "four.hex"
    path.write_text("000000\nffffff\nc83232\n5a96e6\n")
    snapped = Snap(SnapOptions(palette=str(path)))(PHOTO)
    found = {tuple(colour) for colour in np.unique(snapped.reshape(-1, 3), axis=0).tolist()}
    assert found <= {(0, 0, 0), (255, 255, 255), (200, 50, 50), (90, 150, 230)}
    assert len(found) > 1


def test_snap_after_reset_then_has_forgotten():
    snap = Snap(SnapOptions(cell=6))
    first = snap(PHOTO)
    snap(np.ascontiguousarray(PHOTO[::-1]))
    snap.reset()
    assert (snap(PHOTO) == first).all()


def test_snap_when_the_size_changes_then_goes_on():
    snap = Snap(SnapOptions(cell=6))
    snap(PHOTO)
    assert snap(np.ascontiguousarray(PHOTO[:50, :70])).shape == (50, 70, 3)


def test_snap_plan_then_survives_reset():
    plan = SnapPlan(6, 1, 2, ((0, 0, 0), (255, 255, 255)))
    snap = Snap(SnapOptions(plan=plan))
    snap(PHOTO)
    snap.reset()
    assert snap.grid == Grid(6, 1, 2)
    assert snap.palette.tolist() == [[0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize(
    "wrong", [{"cell": 1}, {"colors": 1}, {"colors": 300}, {"vote_margin": 2}, {"vote_memory": 1}]
)
def test_snap_options_of_impossible_values_then_refuse(wrong):
    with pytest.raises(UsageError):
        SnapOptions(**wrong)


@pytest.mark.parametrize("grid", [Grid(6), Grid(3, 1, 2)])
def test_snap_vote_on_tensors_then_names_the_same_indices(grid):
    height, width, _ = PHOTO.shape
    cells = Cells(grid, height, width)
    palette = find_palette(cells.means(PHOTO), 16)
    table = lookup_table(palette)
    twin = SnapVote(
        *(torch.from_numpy(a) for a in (table, cells.voters, cells.cell_of_voter)),
        cells.count,
        torch.from_numpy(palette),
    )
    for index in range(3):
        frame = moving_picture(index, width, height) if index else PHOTO
        bins = bin_of(frame).ravel()[cells.voters]
        shares = cells.shares(table[bins], len(palette))
        assert torch.equal(twin.shares(torch.from_numpy(frame)), torch.from_numpy(shares))
        assert twin(torch.from_numpy(frame)).tolist() == shares.argmax(1).tolist()


@pytest.mark.parametrize("count", [1, 5, 9, 17, 18, 19, 100])
def test_spread_then_covers_the_file_evenly(count):
    frames = [Frame(PHOTO, pts, Fraction(1, 25)) for pts in range(count)]
    found = [frame.pts for frame in spread(frames, 9)]
    assert len(found) == min(count, 9)
    assert found[0] == 0
    assert found == sorted(set(found))
    assert found[-1] >= 0.7 * (count - 1)
