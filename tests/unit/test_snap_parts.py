"""What the pixel-art finish is made of: colour, grid, cells, palette, vote, orphans."""

import cv2
import numpy as np
import pytest

from livecartoon.errors import InputError
from livecartoon.snap.cells import Cells
from livecartoon.snap.grid import Grid, comb, default_grid, find_grid
from livecartoon.snap.lab import lab_to_rgb, lightness, rgb_to_lab
from livecartoon.snap.orphans import adopt_orphans
from livecartoon.snap.palette import bin_of, find_palette, lookup_table, one_per_bin, read_palette
from livecartoon.snap.vote import Vote
from tests.drawing import drawn_photo

PHOTO = drawn_photo(192, 128)


def draw_cells(cell, rows=22, columns=30, seed=5):
    """Blobs of a dozen colours in exact cells."""
    rng = np.random.default_rng(seed)
    field = cv2.GaussianBlur(rng.normal(0, 1, (rows, columns, 3)), (0, 0), 1.2)
    levels = np.rint(np.clip(field / field.std(), -1, 1)) * 90 + 128
    return np.ascontiguousarray(levels.astype(np.uint8).repeat(cell, 0).repeat(cell, 1))


def corrupt(picture, sigma, noise, quality, seed=2):
    """What a generator and a codec leave of exact cells."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma)
    soft = np.clip(soft + rng.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", soft[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])


def test_lab_of_known_colours_then_is_the_published_value():
    rgb = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8)
    wanted = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]
    assert rgb_to_lab(rgb) == pytest.approx(np.array(wanted), abs=0.02)
    assert lightness(rgb) == pytest.approx(rgb_to_lab(rgb)[:, 0], abs=1e-3)


def test_lab_round_trip_then_gives_the_same_levels():
    rgb = np.random.default_rng(0).integers(0, 256, (500, 3)).astype(np.uint8)
    assert (lab_to_rgb(rgb_to_lab(rgb)) == rgb).all()


@pytest.mark.parametrize("cell", [4, 6, 8, 11])
@pytest.mark.parametrize(("sigma", "noise", "quality"), [(0.8, 4, 100), (1.2, 6, 75)])
def test_find_grid_of_corrupted_cells_then_recovers_it(cell, sigma, noise, quality):
    picture = draw_cells(cell, rows=200 // cell, columns=280 // cell)[2:, 3:]
    found = find_grid([corrupt(picture, sigma, noise, quality)])
    assert found == Grid(cell, (-3) % cell, (-2) % cell)


def test_find_grid_of_a_codecs_blocks_then_finds_none():
    packed = cv2.imencode(".jpg", PHOTO, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    assert find_grid([np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)]) is None


def test_find_grid_of_a_few_straight_edges_then_finds_none():
    picture = np.full((120, 160, 3), 200, np.uint8)
    picture[40:88, 24:104] = 30
    assert find_grid([picture]) is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (40, 40)])
def test_find_grid_of_a_flat_or_tiny_picture_then_finds_none(shape):
    assert find_grid([np.full((*shape, 3), 90, np.uint8)]) is None


def test_default_grid_then_gives_about_160_cells_along_the_longer_side():
    assert default_grid(720, 1280) == Grid(8)
    assert default_grid(1280, 720) == Grid(8)
    assert default_grid(100, 80) == Grid(3)
    assert default_grid(720, 1280, 5) == Grid(5)


def test_comb_of_exact_lines_then_is_the_period_less_one_and_chance():
    profile = np.zeros(60, np.float32)
    profile[2::6] = 3
    contrast, phase = comb(profile, 6)
    # Mean 0.5, lines 3, deviation 1.118: 5 - 2.236 * sqrt(2 ln 6 * 6 / 60)
    assert phase == 2
    assert contrast == pytest.approx(5 - 1.3385, abs=1e-3)


@pytest.mark.parametrize("grid", [Grid(5), Grid(5, 3, 4), Grid(3, 1, 2), Grid(40, 39, 1)])
def test_cells_then_cover_the_picture_and_each_has_a_vote(grid):
    cells = Cells(grid, 37, 52)
    assert sorted(set(cells.cell_of_voter.tolist())) == list(range(cells.count))
    painted = cells.paint(np.arange(3 * cells.count).reshape(-1, 3).astype(np.uint8))
    assert painted.shape == (37, 52, 3)
    steps = np.flatnonzero((painted[:, 1:] != painted[:, :-1]).any((0, 2))) + 1
    assert set(steps.tolist()) == set(range(grid.x or grid.period, 52, grid.period))


def test_cells_of_four_then_ignore_their_rim():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[1:3, 1:3] = 80
    assert Cells(Grid(4), 4, 4).means(picture).tolist() == [[80, 80, 80]]
    assert Cells(Grid(2), 4, 4).means(picture)[0].tolist() == [20, 20, 20]


def test_find_palette_of_few_colours_then_finds_them():
    colours = np.array([[0, 0, 0], [250, 250, 250], [200, 30, 40], [20, 90, 200]], np.uint8)
    samples = colours.repeat([400, 300, 200, 100], axis=0)
    found = find_palette(samples, 16)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, colours.tolist()))


@pytest.mark.parametrize("count", [2, 8, 16, 64])
def test_find_palette_of_a_photo_then_is_small_and_the_same_again(count):
    samples = PHOTO.reshape(-1, 3)
    found = find_palette(samples, count)
    assert len(found) <= count
    assert (find_palette(samples, count) == found).all()
    assert len(set(bin_of(found).tolist())) == len(found)


def test_find_palette_with_more_colours_then_comes_nearer():
    samples = PHOTO.reshape(-1, 3)
    lab = rgb_to_lab(samples)

    def error(count):
        palette = find_palette(samples, count)
        nearest = palette[lookup_table(palette)[bin_of(samples)]]
        return float(np.linalg.norm(rgb_to_lab(nearest) - lab, axis=1).mean())

    errors = [error(count) for count in (2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)


def test_lookup_table_then_keeps_every_colour_of_the_palette():
    palette = one_per_bin(np.random.default_rng(3).integers(0, 256, (64, 3)).astype(np.uint8))
    assert (lookup_table(palette)[bin_of(palette)] == np.arange(len(palette))).all()


def test_one_per_bin_then_keeps_the_first():
    colours = np.array([[8, 0, 0], [15, 7, 7], [16, 0, 0]], np.uint8)
    assert one_per_bin(colours).tolist() == [[8, 0, 0], [16, 0, 0]]


@pytest.mark.parametrize(
    "text",
    [
        "#000000\nFFFFFF\n; a comment\n\nc83232\n",
        "GIMP Palette\nName: x\n# y\n0 0 0 black\n255 255 255\n200 50 50\tred\n",
    ],
    ids=["hex", "gimp"],
)
def test_read_palette_then_takes_both_formats(tmp_path, text):
    path = tmp_path / "palette.txt"
    path.write_text(text)
    assert read_palette(path).tolist() == [[0, 0, 0], [255, 255, 255], [200, 50, 50]]


@pytest.mark.parametrize("text", ["", "000000\n", "hello\nworld\n", "GIMP Palette\n1 2\n999 0 0\n"])
def test_read_palette_without_colours_then_says_so(tmp_path, text):
    path = tmp_path / "palette.txt"
    path.write_text(text)
    with pytest.raises(InputError, match="colours"):
        read_palette(path)


def test_read_palette_that_is_missing_then_says_so(tmp_path):
    with pytest.raises(InputError) as caught:
        read_palette(tmp_path / "none.hex")
    assert caught.value.code == "E301"


def test_vote_when_the_lead_is_small_then_keeps_the_colour_shown():
    vote = Vote(memory=0.5, margin=0.15)
    assert vote(np.float32([[0.6, 0.4]])).tolist() == [0]
    # V = 0.5 * (0.45, 0.55) + 0.5 * (0.6, 0.4) = (0.525, 0.475)
    assert vote(np.float32([[0.45, 0.55]])).tolist() == [0]
    # V = 0.5 * (0.3, 0.7) + 0.5 * V = (0.4125, 0.5875): a lead of 0.175
    assert vote(np.float32([[0.3, 0.7]])).tolist() == [1]


def test_vote_of_another_scene_then_is_a_cut():
    vote = Vote(memory=0.5, margin=0.15)
    shares = np.eye(4, dtype=np.float32)
    assert not vote.is_cut(shares)
    vote(shares)
    assert not vote.is_cut(shares)
    assert vote.is_cut(shares[::-1].copy())


def test_adopt_orphans_then_takes_noise_and_leaves_eyes():
    shown = np.zeros((5, 7), np.int64)
    shown[2, 2], shown[2, 5] = 1, 2
    differences = np.float32([[0, 10, 60], [10, 0, 60], [60, 60, 0]])
    adopted = adopt_orphans(shown, differences)
    assert adopted[2, 2] == 0
    assert adopted[2, 5] == 2
    assert shown[2, 2] == 1  # the input stays


def test_adopt_orphans_then_leaves_pairs():
    shown = np.zeros((4, 4), np.int64)
    shown[1, 1] = shown[1, 2] = 1
    assert (adopt_orphans(shown, np.float32([[0, 5], [5, 0]])) == shown).all()


def test_adopt_orphans_of_a_single_cell_then_leaves_it():
    assert adopt_orphans(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32)).tolist() == [[0]]
