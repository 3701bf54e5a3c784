"""A style that brings its pixel-art finish along."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.config import EngineOptions, SnapOptions
from livecartoon.errors import UsageError
from livecartoon.frame import Frame
from livecartoon.snap import with_own_finish
from livecartoon.styles import find_style
from livecartoon.styles.entry import folder_entries, standing
from livecartoon.stylizer import Stylizer
from tests.drawing import drawn_photo

TABLE = '[styles.blocks]\nkind = "filter"\nsnap = {snap}\n'


def write_style(folder: Path, snap: str) -> None:
    (folder / "styles.toml").write_text(TABLE.format(snap=snap), encoding="utf-8")


def test_own_finish_then_gives_way_to_what_was_asked_for_or_refused() -> None:
    own = (("colors", 6),)
    plain = EngineOptions(style="classic")
    assert with_own_finish(plain, own).snap == SnapOptions(colors=6)
    assert with_own_finish(plain, None).snap is None
    assert with_own_finish(replace(plain, own_snap=False), own).snap is None
    asked = replace(plain, snap=SnapOptions(colors=9))
    assert with_own_finish(asked, own) == asked


def test_style_with_a_finish_then_draws_in_so_many_colours(tmp_path: Path) -> None:
    write_style(tmp_path, "{ colors = 4, cell = 8 }")
    style = standing(folder_entries(tmp_path)["blocks"])
    assert style.snap == (("colors", 4), ("cell", 8))
    photo = drawn_photo(128, 96)
    drawn = {}
    for own_snap in (True, False):
        options = EngineOptions(style="classic", temporal="off", own_snap=own_snap)
        with Stylizer(style, 128, 96, options) as stylizer:
            drawn[own_snap] = stylizer(Frame(photo, 0, Fraction(1, 30))).pixels
    colours = {key: len(np.unique(value.reshape(-1, 3), axis=0)) for key, value in drawn.items()}
    assert colours[True] <= 4 < colours[False]


@pytest.mark.parametrize("snap", ["{ colours = 4 }", "{ colors = 4.5 }", "{ colors = true }", "7"])
def test_finish_that_is_none_then_e206_names_the_file(tmp_path: Path, snap: str) -> None:
    write_style(tmp_path, snap)
    with pytest.raises(UsageError, match=r"styles\.toml") as caught:
        folder_entries(tmp_path)
    assert caught.value.code == "E206"


def test_shipped_pixel_style_then_stands_on_a_network_and_has_a_finish() -> None:
    style = find_style("pixel")
    assert style.base
    assert style.files
    assert dict(style.snap or ())["colors"] > 8
