"""Styles of one's own: tables of colours and lines over the network of another."""

from pathlib import Path

import numpy as np
import pytest

from livecartoon import Cartoonizer
from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, ModelError, OutputError, UsageError
from livecartoon.folders import user_styles
from livecartoon.jobs.colourfit import colours_of, fitted
from livecartoon.jobs.linefit import fitted_lines, line_share
from livecartoon.jobs.own_style import USUAL, fit_style, new_style
from livecartoon.models.cube import identity_lattice, read_lattice, sampled, write_cube
from livecartoon.models.inkstyle import InkStyle
from livecartoon.sinks.pictures import encode_picture
from livecartoon.styles import find_style, list_styles, short_name
from livecartoon.wanted import engine_spec
from tests.drawing import drawn_photo, warm_lattice, write_family, write_paper


@pytest.fixture
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with networks, a table, and `warm` over `one`."""
    monkeypatch.setenv("LIVECARTOON_STYLES", str(tmp_path))
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    write_family(tmp_path)
    write_cube(tmp_path / "warm.cube", warm_lattice(), "warm")
    write(tmp_path, 'base = "two"\nlut = "warm.cube"\nink = { strength = 0.2 }\n')
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "warm.toml").write_text(text, encoding="utf-8")


def picture(path: Path, pixels: np.ndarray) -> Path:
    path.write_bytes(encode_picture(path, pixels))
    return path


def test_style_over_another_when_listed_then_takes_what_it_does_not_say_from_it(styles):
    warm, two = find_style("warm"), find_style("two")
    assert (warm.base, warm.files, warm.strength, warm.licence) == ("two", two.files, 0.5, "MIT")
    assert (warm.lut, warm.ink) == (styles / "warm.cube", (("strength", 0.2),))
    assert "warm" in [style.name for style in list_styles()]
    by_file = find_style(str(styles / "warm.toml"))
    assert (by_file.name, by_file.lut, short_name(str(styles / "warm.toml"))) == (
        "warm", warm.lut, "warm",
    )  # fmt: skip


def test_style_over_another_when_in_the_table_of_styles_then_found_too(styles):
    with (styles / "styles.toml").open("a", encoding="utf-8") as file:
        file.write('\n[styles.cold]\nbase = "one"\nlut = "warm.cube"\ntitle = "Cold"\n')
    assert (find_style("cold").title, find_style("cold").base) == ("Cold", "one")


def test_style_over_another_when_drawn_then_colours_and_identity_differ(styles):
    photo, pictures, seen = drawn_photo(64, 48), [], set()
    for name in ("two", "warm"):
        with Cartoonizer(name, backend="torch", device="cpu", strength=1.0) as toon:
            pictures.append(toon(photo).astype(int))
            seen.add(toon.info.weights)
    assert np.abs(pictures[0] - pictures[1]).mean() > 3
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('lut = "warm.cube"\n', "base"),
        ('base = "nothing"\n', "not installed"),
        ('base = "classic"\n', "no network"),
        ('base = "warm"\n', "not installed"),
        ('base = "one"\nfiles = { nano = "x" }\n', "exclude"),
        ('base = "one"\nlut = 3\n', "wrong type"),
        ('base = "one"\nlutt = "x"\n', "unknown keys"),
        ('base = "one"\nink = { strenght = 1 }\n', "unknown ink key"),
        ('base = "one"\nink = { strength = 7 }\n', "ink.strength"),
        ('base = "one"\nink = { strength = nan }\n', "ink.strength"),
        ('base = "one"\nink = { tone = [0, 1] }\n', "ink.tone"),
        ('base = "one"\nink = { tint = true }\n', "ink.tint"),
        ("base = ", "warm.toml"),
    ],
)
def test_style_over_another_when_it_is_wrong_then_e206(styles, text, words):
    write(styles, text)
    with pytest.raises(UsageError, match=words) as caught:
        list_styles()
    assert caught.value.code == "E206"


def test_style_over_another_when_its_table_is_gone_then_listed_but_not_drawn(styles):
    (styles / "warm.cube").unlink()
    options = EngineOptions(style="warm")
    with pytest.raises(ModelError, match="E607"):
        engine_spec(find_style("warm"), 64, 48, options, "cpu")
    with pytest.raises(UsageError, match="no style file"):
        find_style("nowhere.toml")


def test_style_over_a_papers_network_then_refused(styles):
    write_paper(styles / "weights" / "one.safetensors")
    write(styles, 'base = "one"\nink = { tint = 0.1 }\n')
    with pytest.raises(UsageError, match="only our own networks"):
        engine_spec(find_style("warm"), 64, 48, EngineOptions(style="warm"), "cpu")
    with pytest.raises(UsageError, match="no lines of ours"):
        new_style("mine", "one")


def test_style_over_another_when_mixed_then_refused(styles):
    with pytest.raises(UsageError, match="stands on two"):
        find_style("one:0.5+warm:0.5")


def test_new_style_when_made_then_draws_as_its_base_until_changed(styles):
    text, table = new_style("mine", "one")
    assert (text.parent, table.suffix) == (user_styles(), ".cube")
    assert np.abs(read_lattice(table) - identity_lattice(17)).max() < 1e-6
    drawn = []
    for name in ("one", "mine"):
        with Cartoonizer(name, backend="torch", device="cpu") as toon:
            drawn.append(toon(drawn_photo(64, 48)).astype(int))
    assert np.abs(drawn[0] - drawn[1]).max() <= 1


@pytest.mark.parametrize("name", ["", "Mine", "../up", "a b", "mine+", "x" * 60, "styles"])
def test_new_style_when_its_name_is_none_then_e201(styles, name):
    with pytest.raises(UsageError, match="no name"):
        new_style(name, "one")


def test_new_style_when_it_cannot_be_then_says_why(styles, monkeypatch):
    with pytest.raises(OutputError, match="E401"):
        new_style("warm", "one")
    with pytest.raises(UsageError, match="no network"):
        new_style("mine", "warm")
    monkeypatch.setenv("XDG_DATA_HOME", str(styles / "warm.cube"))
    with pytest.raises(OutputError, match="E402"):
        new_style("mine", "one")


@pytest.mark.parametrize("base", ["one:0.6+two:0.4", "{}/weights/one.safetensors"])
def test_new_style_when_its_base_is_not_installed_then_e201_and_all_goes_on(styles, base):
    with pytest.raises(UsageError, match="is not an installed style") as caught:
        new_style("mine", base.format(styles))
    assert (caught.value.code, caught.value.remedies) == ("E201", ("--from shinkai",))
    assert "mine" not in [style.name for style in list_styles()]


def test_new_style_when_its_base_has_an_odd_name_then_the_text_reads_back(styles):
    with (styles / "styles.toml").open("a", encoding="utf-8") as file:
        file.write('\n[styles."o\\"d\\\\d\\u007f"]\nfiles = { nano = "one.safetensors" }\n')
    new_style("mine", 'o"d\\d\x7f')
    assert find_style("mine").base == 'o"d\\d\x7f'


@pytest.mark.parametrize("made", ["mine.cube", "mine.toml"])
def test_new_style_when_a_file_of_its_is_there_then_e401_and_that_stays(styles, made):
    user_styles().mkdir(parents=True)
    (user_styles() / made).write_text('base = "one"\n', encoding="utf-8")
    with pytest.raises(OutputError, match="E401"):
        new_style("mine", "one")
    assert [path.name for path in user_styles().iterdir()] == [made]
    assert (user_styles() / made).read_text(encoding="utf-8") == 'base = "one"\n'


def test_new_style_when_named_as_an_alias_then_e401(styles):
    with (styles / "styles.toml").open("a", encoding="utf-8") as file:
        file.write('\n[styles.three]\nfiles = { nano = "one.safetensors" }\naliases = ["tri"]\n')
    with pytest.raises(OutputError, match="E401"):
        new_style("tri", "one")


def test_new_style_when_half_of_it_cannot_be_written_then_nothing_is_left(styles):
    (user_styles() / "mine.toml.partial").mkdir(parents=True)
    with pytest.raises(OutputError, match="E402"):
        new_style("mine", "one")
    assert [path.name for path in user_styles().iterdir()] == ["mine.toml.partial"]


def test_fit_when_pictures_are_dark_and_blue_then_the_table_is_darker_and_bluer(styles, tmp_path):
    blue = (drawn_photo(160, 120) * np.array([0.3, 0.4, 0.7])).astype(np.uint8)
    _, table = fit_style([picture(tmp_path / "blue.png", blue)], "evening", "one")
    middle = sampled(read_lattice(table), np.full(3, 0.5))
    assert middle.mean() < 0.47
    assert middle[2] > middle[0]
    with pytest.raises(InputError):
        fit_style([tmp_path / "none.png"], "other", "one")


def test_fit_when_pictures_are_as_usual_then_little_changes():
    assert np.abs(fitted(USUAL, USUAL) - identity_lattice()).max() < 0.03


@pytest.mark.parametrize("seed", range(4))
def test_fit_of_any_pictures_then_tones_stay_in_order_and_steps_small(seed):
    rng = np.random.default_rng(seed)
    wild = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) // (1, 30, 100, 250)[seed]
    lattice = fitted(USUAL, colours_of([wild]))
    greys = sampled(lattice, np.repeat(np.linspace(0, 1, 256)[:, None], 3, 1))
    light = greys @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(light) > 0).all()
    assert np.diff(light).max() < 2.2 / 255
    assert (lattice.min(), lattice.max()) >= (0, 0)
    assert max(np.abs(np.diff(lattice, axis=axis)).max() for axis in range(3)) < 0.13


@pytest.mark.parametrize("levels", [(200, 255), (80, 180), (5, 90), (0, 30), (250, 250)])
def test_fit_of_any_brightness_then_black_and_white_are_held(levels):
    shades = np.linspace(*levels, 64 * 64).astype(np.uint8)
    lattice = fitted(USUAL, colours_of([np.repeat(shades, 3).reshape(64, 64, 3)]))
    black, middle, white = sampled(lattice, np.repeat([[0.0], [0.5], [1.0]], 3, 1)).mean(1)
    assert black < 0.01
    assert white > 0.99
    assert (middle > 0.55) == (min(levels) >= 200)
    assert (middle < 0.45) == (max(levels) <= 90)


def test_pictures_when_of_unequal_size_then_count_the_same():
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((200, 200, 3), 255, np.uint8)
    assert colours_of([black, white]).lightness[6] == pytest.approx(50, abs=0.1)


def test_lines_when_pictures_have_many_dark_ones_then_more_and_darker_are_drawn():
    paper = np.full((200, 300, 3), 230, np.uint8)
    drawn = paper.copy()
    drawn[:, ::12], drawn[:, 1::12] = (10, 20, 60), (10, 20, 60)
    assert line_share(paper) == 0 < line_share(drawn)
    many, none = (fitted_lines(InkStyle(), [shown]) for shown in (drawn, paper))
    assert many.threshold < none.threshold
    assert many.tone[2] > many.tone[0]
    assert (none.tone, none.sigma) == (InkStyle().tone, InkStyle().sigma)
