"""Pixel art as training data: back to its own grid, never resampled."""

import json

import numpy as np

from tests.drawing import drawn_photo
from trainer.data.decode import read_rgb, write_png
from trainer.data.pixelart import enlarge, to_native
from trainer.data.prepare import PrepareSettings, prepare
from trainer.data.squares import Squares


def draw_sprite(seed=0, height=24, width=30):
    """Random patches of eight colours, one pixel a cell."""
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (8, 3)).astype(np.uint8)
    return palette[rng.integers(0, 8, (height, width))]


def test_to_native_of_an_enlarged_sprite_then_is_the_sprite():
    sprite = draw_sprite()
    assert (to_native(enlarge(sprite, 7)) == sprite).all()


def test_to_native_off_the_grid_then_keeps_whole_cells_only():
    sprite = draw_sprite()
    native = to_native(enlarge(sprite, 7)[3:, 5:])
    assert (native == sprite[1:, 1:]).all()


def test_to_native_of_a_noisy_sprite_then_has_its_shape():
    noise = np.random.default_rng(1).normal(0, 4, (168, 210, 3))
    noisy = np.clip(enlarge(draw_sprite(), 7) + noise, 0, 255).astype(np.uint8)
    assert to_native(noisy).shape == (24, 30, 3)


def test_to_native_of_a_photo_then_finds_no_grid():
    assert to_native(drawn_photo(160, 120)) is None


def test_prepare_of_pixel_art_then_brings_all_to_one_cell(tmp_path):
    for name in ("photos", "sprites"):
        (tmp_path / name).mkdir()
    for index, cell in enumerate((5, 7, 8)):
        write_png(tmp_path / "sprites" / f"{index}.png", enlarge(draw_sprite(index), cell))
        write_png(tmp_path / "photos" / f"{index}.png", np.roll(drawn_photo(90, 70), 30 * index, 1))
    write_png(tmp_path / "sprites" / "photo.png", drawn_photo(160, 120))
    write_png(tmp_path / "sprites" / "tiny.png", enlarge(draw_sprite(9, 12, 12), 8))
    photos = Squares(64, held_out=0, dedup=False)
    settings = PrepareSettings(photos, Squares(64, held_out=0, cell=4), saliency=False)
    report = prepare(
        [tmp_path / "photos"], [tmp_path / "sprites"], tmp_path / "data", "CC0", settings
    )
    assert report.cartoons.dropped == {"no grid": 1, "too few cells": 1}
    assert json.loads((tmp_path / "data" / "manifest.json").read_text())["cell"] == 4
    for path in (tmp_path / "data" / "cartoons").iterdir():
        picture = read_rgb(path)
        assert (picture == enlarge(picture[::4, ::4], 4)).all()
