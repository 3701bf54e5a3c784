"""Palettes, manifests and pictures from strangers: only our errors come out."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livecartoon.errors import InputError, LivecartoonError, ModelError
from livecartoon.models.cube import parse_cube
from livecartoon.snap.palette import bin_of, read_palette
from tests.drawing import cut_off, damage, drawn_photo
from trainer.data.decode import read_rgb, write_png
from trainer.data.films import Sampling
from trainer.data.origins import find_origins, stills
from trainer.data.prepare import PrepareSettings, prepare
from trainer.data.squares import Squares
from trainer.data.unpaired import UnpairedLoader


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data folder that loads."""
    folder = tmp_path_factory.mktemp("data")
    for kind in ("photos", "cartoons"):
        (folder / kind).mkdir()
        for index in range(3):
            write_png(folder / kind / f"{index}.png", np.roll(drawn_photo(32, 32), index, 1))
    return folder


@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_palette_of_any_bytes_then_is_a_palette_or_our_error(place, content):
    path = place / "palette.gpl"
    path.write_bytes(content)
    try:
        found = read_palette(path)
    except InputError:
        return
    assert found.shape == (len(set(bin_of(found).tolist())), 3)


@given(
    words=st.lists(
        st.sampled_from(["GIMP Palette", "0 0 0", "255 255 255 x", "#12ab3F", "٣ ٣ ٣", "9" * 5000])
    )
)
def test_palette_of_mixed_lines_then_is_a_palette_or_our_error(place, words):
    path = place / "palette.txt"
    path.write_text("\n".join(words), encoding="utf-8")
    try:
        assert len(read_palette(path)) >= 1
    except InputError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("cell"), inner),
    max_leaves=4,
)


@given(value=JSON)
@example(value={"cell": float("inf")})
@example(value={"cell": 10**30})
@example(value={"cell": None})
def test_manifest_of_any_json_then_loads_or_our_error(data, value):
    (data / "manifest.json").write_text(json.dumps(value))
    try:
        loader = UnpairedLoader(data, batch=1, crop=16, seed=0)
    except LivecartoonError:
        return
    assert loader(0).cartoon.shape == (1, 3, 16, 16)


@given(content=st.binary(max_size=200))
def test_manifest_of_any_bytes_then_loads_or_our_error(data, content):
    (data / "manifest.json").write_bytes(content)
    try:
        loader = UnpairedLoader(data, batch=1, crop=16, seed=0)
    except LivecartoonError:
        return
    assert loader(0).cartoon.shape == (1, 3, 16, 16)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_picture_then_is_read_or_named(tmp_path, seed):
    path = tmp_path / "photo.png"
    write_png(path, drawn_photo(64, 48))
    damage(path, 0.02, seed) if seed % 2 else cut_off(path, 0.1 * seed)
    found = read_rgb(path)
    assert found is None or found.shape[2] == 3


@given(content=st.binary(max_size=200))
def test_any_bytes_as_a_picture_or_film_then_only_our_error(place, content):
    for name in ("picture.jpg", "film.mkv"):
        path = place / name
        path.write_bytes(content)
        with pytest.raises(InputError):
            list(stills(path, Sampling()))


def test_list_of_missing_files_then_each_is_named(tmp_path):
    for index in range(2):
        write_png(tmp_path / f"{index}.png", np.roll(drawn_photo(40, 40), 17 * index, 0))
    listed = tmp_path / "list.txt"
    listed.write_text(f"{tmp_path / '0.png'}\n\n{tmp_path / 'gone.png'}\n{tmp_path / '1.png'}\n")
    assert len(find_origins([listed])) == 3
    squares = Squares(32, held_out=0, dedup=False)
    settings = PrepareSettings(squares, squares, edges=False, saliency=False)
    report = prepare([listed], [listed], tmp_path / "data", "CC0", settings)
    assert report.photos.unreadable == ["gone.png"]


def test_list_that_is_no_text_then_our_error(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError):
        find_origins([listed])


@given(content=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_colour_table_of_any_bytes_then_is_a_table_or_our_error(content):
    check_table(content)


@given(
    lines=st.lists(
        st.sampled_from(
            (
                *("LUT_3D_SIZE 2", "LUT_1D_SIZE 2", "0 0 0", "1 1 1", "1e999 0 0", "nan 0 0"),
                *("DOMAIN_MAX 2 2 2", "DOMAIN_MIN 9 9 9", "LUT_3D_INPUT_RANGE 0 1", "٣ 1 1"),
                *("# x", "-1 2 3"),
            )
        ),
        max_size=14,
    )
)
@example(lines=["LUT_3D_SIZE 2", *["0 0.5 1"] * 8])
def test_colour_table_of_mixed_lines_then_is_a_table_or_our_error(lines):
    check_table("\n".join(lines).encode())


def check_table(content):
    try:
        lattice = parse_cube(content)
    except ModelError:
        return
    assert lattice.ndim == 4
    assert 0 <= lattice.min() <= lattice.max() <= 1
