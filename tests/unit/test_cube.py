"""Colour tables: read, sampled, as a layer, as a look-up."""

import numpy as np
import pytest
import torch

from livecartoon.backends.colours import ColourTable
from livecartoon.errors import ModelError
from livecartoon.models.blocks import from_blocks, to_blocks
from livecartoon.models.cube import (
    MAX_BYTES,
    identity_lattice,
    parse_cube,
    read_lattice,
    sampled,
    write_cube,
)
from livecartoon.models.tablelayer import TableLayer
from tests.drawing import drawn_photo, warm_lattice

CURVES = "LUT_1D_SIZE 3\n0 0 1\n0.25 0.5 0.5\n1 1 0\n"


def test_table_when_written_then_reads_back(tmp_path):
    write_cube(tmp_path / "warm.cube", warm_lattice(5), "warm")
    assert np.abs(read_lattice(tmp_path / "warm.cube") - warm_lattice(5)).max() < 1e-6


def test_table_of_curves_when_sampled_then_each_colour_follows_its_own():
    lattice = parse_cube(CURVES.encode())
    assert sampled(lattice, np.array([0.5, 0.25, 0.75])) == pytest.approx([0.25, 0.25, 0.25])
    assert sampled(lattice, np.array([0.75, 2.0, -1.0])) == pytest.approx([0.625, 1, 1])


def test_table_when_red_runs_fastest_then_axes_are_right():
    rows = [f"{r} {g} {b}" for b in (0, 1) for g in (0, 0.5) for r in (0, 0.25)]
    text = 'TITLE "x"\n# a comment\nLUT_3D_SIZE 2\n\n' + "\n".join(rows)
    assert sampled(parse_cube(text.encode()), np.ones(3)) == pytest.approx([0.25, 0.5, 1])


def test_table_with_a_domain_then_is_laid_out_anew():
    head = "LUT_3D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 2 2 2\n"
    rows = [f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    lattice = parse_cube((head + "\n".join(rows)).encode())
    assert sampled(lattice, np.array([1.0, 0.5, 0.0])) == pytest.approx([0.5, 0.25, 0], abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LUT_3D_SIZE 1\n0 0 0",
        "LUT_3D_SIZE 66\n",
        "LUT_3D_SIZE 1e9\n",
        "LUT_3D_SIZE nan\n",
        "LUT_3D_SIZE 2\n0 0 0",
        "LUT_1D_SIZE 2\n0 0 0\n1 1 nan",
        "LUT_1D_SIZE 2\n0 0 0\n1 1 x",
        "LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1",
        "LUT_1D_SIZE 2\nDOMAIN_MAX 1\n0 0 0\n1 1 1",
    ],
)
def test_table_when_it_is_none_then_e607(text):
    with pytest.raises(ModelError, match="E607") as caught:
        parse_cube(text.encode())
    assert caught.value.remedies


def test_table_when_missing_or_huge_then_e607(tmp_path):
    with pytest.raises(ModelError, match="E607"):
        read_lattice(tmp_path / "none.cube")
    with (tmp_path / "huge.cube").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ModelError, match="E607"):
        read_lattice(tmp_path / "huge.cube")


def test_layer_when_run_on_blocks_then_is_the_table_itself():
    photo = torch.from_numpy(drawn_photo(32, 24)[None]).float() / 255
    drawn = from_blocks(TableLayer(warm_lattice())(to_blocks(photo, 4)), 4)[0].numpy()
    assert np.abs(drawn - sampled(warm_lattice(), photo[0].numpy())).max() < 1e-5


@pytest.mark.parametrize("size", [2, 17, 65])
def test_look_up_when_run_then_within_two_levels_of_the_table(size):
    colours = np.random.default_rng(3).uniform(0, 255, (40, 50, 3)).astype(np.float32)
    graded = colours.copy()
    ColourTable(warm_lattice(size), 48, 50)(graded)
    difference = np.abs(graded - 255 * sampled(warm_lattice(size), colours / 255))
    assert difference.max() < 2.5
    assert difference.mean() < 0.5


def test_look_up_of_the_identity_when_grey_then_stays_within_two_levels():
    grey = np.repeat(np.arange(256, dtype=np.float32)[None, :, None], 3, 2)
    graded = grey.copy()
    ColourTable(identity_lattice(), 1, 256)(graded)
    assert np.abs(graded - grey).max() <= 2.05
