"""Tables of styles as people write them: what is wrong is told, with file and key."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecartoon.errors import UsageError
from livecartoon.styles import find_style
from livecartoon.styles.entry import MODES, based, folder_entries, standing
from livecartoon.styles.style import TIERS, Style
from livecartoon.temporal import TEMPORAL

FILES = 'files = { small = "a.safetensors" }\n'
VALUES = """\
3 -1 0.5 nan 1e999 true "" "x" "/" "a\\u0000b" "auto" "one" "filter" [] [3] [[]] {} 07:32:00
{mode="auto"} {mode=[]} {strength="x"} {strength=2} {small="a.safetensors"} {small=3} {huge="a"}
{colors=8} {cell=[]} {tone=[0,"x",1]} {sigma=1} {sigma={}} {strength=nan}"""
KEYS = """\
title description strength keep_color order kind files temporal aliases license base lut ink snap
other"""
TABLES = st.dictionaries(
    st.sampled_from(KEYS.split()),
    st.sampled_from([*VALUES.split(), "9" * 400, "9" * 5000]),
    max_size=4,
)


def styles_of(folder: Path) -> list[Style]:
    """Every style of a folder, over `one` if it has a base."""
    one = Style("one", "One", "", "generator", {"small": folder / "one.safetensors"})
    entries = folder_entries(folder).values()
    return [based(e, {"one": one}.get) if e.base else standing(e) for e in entries]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("files = { small = 3 }", "files.small"),
        ('files = { huge = "a.safetensors" }', "files.huge"),
        ('files = { small = "/" }', "files.small"),
        ("title = 'Nothing'", "files"),
        ("", "files"),
        (FILES + 'kind = "filterr"', "kind"),
        (FILES + 'temporal = { strength = "x" }', "temporal.strength"),
        (FILES + "temporal = { strength = true }", "temporal.strength"),
        (FILES + 'temporal = { mood = "auto" }', "temporal.mood"),
        (FILES + 'temporal = { mode = "atuo" }', "temporal.mode"),
        (FILES + "strength = 1.5", "strength"),
        (FILES + f"keep_color = {'9' * 400}", "keep_color"),
        (FILES + "aliases = [[]]", "aliases"),
        ('base = "looks/mine.toml"', "base"),
    ],
)
def test_table_when_a_value_in_it_cannot_be_then_e206_names_file_and_key(tmp_path, text, key):
    (tmp_path / "styles.toml").write_text(f"[styles.mine]\n{text}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        styles_of(tmp_path)
    assert caught.value.code == "E206"
    assert str(tmp_path / "styles.toml") in caught.value.message
    assert f" {key} " in caught.value.message
    assert caught.value.remedies


@pytest.mark.parametrize("text", ["styles = 3", "[[styles]]", "styles = []", f"a = {'9' * 5000}"])
def test_table_when_it_holds_no_styles_then_e206_names_the_file(tmp_path, text):
    (tmp_path / "styles.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"styles\.toml: ") as caught:
        folder_entries(tmp_path)
    assert caught.value.code == "E206"


def test_style_when_twice_in_a_folder_then_e202_names_both(tmp_path):
    (tmp_path / "mine.toml").write_text('base = "one"\n', encoding="utf-8")
    (tmp_path / "styles.toml").write_text(f"[styles.mine]\n{FILES}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.toml: styles\.toml .* mine") as caught:
        folder_entries(tmp_path)
    assert caught.value.code == "E202"


def test_style_when_its_base_is_its_own_file_then_e206(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for base in ("mine.toml", "mine.toml:0.5+ink:0.5"):
        Path("mine.toml").write_text(f'base = "{base}"\n', encoding="utf-8")
        with pytest.raises(UsageError, match="E206"):
            find_style("mine.toml")


def test_modes_of_styles_then_are_the_anti_flicker_methods():
    assert sorted(MODES) == sorted(TEMPORAL)


@given(table=TABLES, is_single=st.booleans())
def test_table_of_anything_then_only_usage_errors_or_styles_that_can_be_used(table, is_single):
    lines = "\n".join(f"{key} = {value}" for key, value in table.items())
    with TemporaryDirectory() as name:
        path = Path(name) / ("mine.toml" if is_single else "styles.toml")
        path.write_text(lines if is_single else f"[styles.mine]\n{lines}\n", encoding="utf-8")
        styles = []
        with suppress(UsageError):
            styles = styles_of(Path(name))
    for style in styles:
        assert style.kind == "filter" or style.file_for(TIERS[0])[0] in TIERS
        assert 0 <= style.strength * style.temporal_strength <= 1


def test_style_when_its_base_is_an_alias_then_listed_over_what_that_means(tmp_path, monkeypatch):
    (tmp_path / "mine.toml").write_text('base = "shin"\n', encoding="utf-8")
    monkeypatch.setenv("LIVECARTOON_STYLES", str(tmp_path))
    assert find_style("mine").base == find_style(str(tmp_path / "mine.toml")).base == "shinkai"
