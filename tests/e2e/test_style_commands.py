"""Mixed styles, and styles without training, in whole commands on pictures drawn here."""

import json
from pathlib import Path

import pytest

from livecartoon.cli import run
from livecartoon.jobs.demo_scene import write_clip
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources.pictures import read_picture
from livecartoon.sources.probe import inspect
from tests.drawing import drawn_photo, write_family

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path, monkeypatch, own_cache):
    """The current folder, with a photo, a clip and a few styles."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECARTOON_STYLES", str(tmp_path / "styles"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_family(tmp_path / "styles")
    write_clip(tmp_path / "holiday.mp4", 0.5)
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_photo(96, 64)))
    return tmp_path


def test_image_when_styles_are_mixed_then_named_without_colons_and_told_apart(folder, capsys):
    keys = []
    for mix, name in (("one:0.6+two:0.4", "one0.6+two0.4"), ("one:0.3+two:0.7", "one0.3+two0.7")):
        assert run(["image", "photo.png", "--style", mix, "--json"]) == 0
        keys.append(json.loads(capsys.readouterr().out)["files"][0]["engine"]["engine_key"])
        assert read_picture(folder / f"photo.{name}.png").pixels.shape == (64, 96, 3)
    assert len({*keys}) == 2


def test_convert_when_styles_are_mixed_then_the_film_is_whole_and_says_so(folder):
    assert run(["convert", "holiday.mp4", "-s", "one:0.5+two:0.5", "--size", "160x90"]) == 0
    made = inspect(folder / "holiday.one0.5+two0.5.mp4")
    assert (made.width, made.height) == (160, 90)
    assert "style=one0.5+two0.5" in made.tags["comment"]


def test_cam_when_styles_are_mixed_then_draws_in_them(folder, capsys):
    words = ["cam", "--camera", "pattern:", "--no-show", "--sink", "null", "--frames", "8"]
    assert run([*words, "--size", "160x90", "-s", "one:0.5+two:0.5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["styles"][0]["name"] == "one:0.5+two:0.5"


def test_style_when_it_cannot_be_mixed_then_exit_2_and_a_remedy(folder, capsys):
    assert run(["image", "photo.png", "-s", "one:0.5+stranger:0.5"]) == 2
    assert "E201" in (told := capsys.readouterr().err)
    assert "no common root" in told
    assert run(["styles", "show", "one:0.5+two:0.5"]) == 0
    assert "CC0-1.0 and MIT" in capsys.readouterr().out


def test_style_when_fitted_to_a_picture_then_shown_checked_and_drawn(folder, capsys):
    assert run(["styles", "fit", "photo.png", "-o", "mine", "--from", "one", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["items"]
    assert [Path(path).name for path in made["files"]] == ["mine.toml", "mine.cube"]
    assert run(["styles", "check", "mine"]) == 0
    assert "33 nodes a side" in capsys.readouterr().out
    assert run(["styles", "show", "mine", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["items"]
    assert (shown["base"], shown["lut"]) == ("one", made["files"][1])
    assert run(["image", "photo.png", "-s", "mine"]) == 0
    assert run(["image", "photo.png", "-s", made["files"][0], "-o", "by-file.png"]) == 0
    by_name, by_file = (
        read_picture(folder / name).pixels for name in ("photo.mine.png", "by-file.png")
    )
    assert (by_name == by_file).all()


def test_style_when_new_then_a_film_is_drawn_in_it(folder, capsys):
    assert run(["styles", "new", "mine", "--from", "two"]) == 0
    assert "mine.toml" in capsys.readouterr().out
    assert run(["convert", "holiday.mp4", "-s", "mine", "--size", "160x90"]) == 0
    assert inspect(folder / "holiday.mine.mp4").width == 160


@pytest.mark.parametrize(
    "words", [["fit"], ["fit", "photo.png"], ["new", "a", "b"], ["list", "-o", "x"], ["new"]]
)
def test_styles_when_words_are_missing_or_too_many_then_exit_2(words, folder, capsys):
    assert run(["styles", *words]) == 2
    assert "E202" in capsys.readouterr().err
