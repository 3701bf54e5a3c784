"""Mixtures of styles: parsed, refused, computed, told apart."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from livecartoon import Cartoonizer
from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError, UsageError
from livecartoon.jobs import cache
from livecartoon.models.checkpoint import identity_of, read_checkpoint, read_header
from livecartoon.models.mixture import likeness, mixed
from livecartoon.styles import find_style, list_styles, short_name
from livecartoon.wanted import engine_spec
from tests.drawing import drawn_photo, write_family, write_paper, write_sibling, write_student


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the weights of a few styles, made for this test."""
    monkeypatch.setenv("LIVECARTOON_STYLES", str(tmp_path))
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    return write_family(tmp_path)


def test_blend_when_named_then_parameters_and_lines_are_the_means(family):
    style = find_style("one:0.75+two:0.25")
    made, one, two = (
        read_checkpoint(path)
        for path in (style.files["nano"], family / "one.safetensors", family / "two.safetensors")
    )
    for name, tensor in made.tensors.items():
        wanted = 0.75 * one.tensors[name].astype(float) + 0.25 * two.tensors[name].astype(float)
        assert np.abs(tensor - wanted).max() < 2e-3
        assert tensor.dtype == one.tensors[name].dtype
    ink = made.json_field("ink")
    assert ink["strength"] == pytest.approx(0.75 * 0.6 + 0.25)
    assert ink["tone"] == pytest.approx([0.015, 0.025, 0.05])
    assert (style.name, style.strength, style.licence) == (
        "one:0.75+two:0.25", pytest.approx(0.875), "CC0-1.0 and MIT",
    )  # fmt: skip
    assert json.loads(made.header["blend"]) == {"one": 0.75, "two": 0.25}


def test_blend_when_shares_sum_to_a_little_more_than_one_then_sliders_stay_within(family):
    assert find_style("one:0.7505+two:0.2504").strength == pytest.approx(0.8757 / 1.0009)
    table = family.parent / "styles.toml"
    table.write_text(table.read_text().replace("strength = 0.5", "strength = 1.0"))
    style = find_style("one:0.6667+two:0.3334")
    assert style.strength == pytest.approx(1)
    assert max(style.strength, style.keep_color, style.temporal_strength) <= 1


def test_blend_when_shares_differ_then_engines_are_told_apart(family):
    keys = set()
    for text in ("one:0.6+two:0.4", "one:0.4+two:0.6", "one:0.61+two:0.39"):
        spec, tier = engine_spec(find_style(text), 64, 48, EngineOptions(style=text), "cpu")
        assert tier == "nano"
        keys.add(spec.key())
        assert spec.weights_sha256 == identity_of(read_header(spec.weights))
    assert len(keys) == 3


def test_blend_when_named_again_then_its_file_is_used_until_a_source_changes(family):
    path = find_style("one:0.5+two:0.5").files["nano"]
    before = path.stat().st_mtime_ns
    assert find_style("one:0.5+two:0.5").files["nano"] == path
    assert path.stat().st_mtime_ns == before
    write_sibling(family / "one.safetensors", family / "two.safetensors", seed=9)
    assert find_style("one:0.5+two:0.5").files["nano"] != path


def test_cache_when_cleared_then_mixtures_go_and_come_back_when_named(family):
    (path,) = find_style("one:0.5+two:0.5").files.values()
    cache.clear()
    assert not path.exists()
    assert find_style("one:0.5+two:0.5").files["nano"].is_file()


def test_blend_when_drawn_then_lies_between_its_parts(family):
    photo = drawn_photo(64, 48)
    pictures = {}
    for text in ("one:1", "one:0.5+two:0.5", "two:1"):
        name = text.removesuffix(":1")
        with Cartoonizer(name, backend="torch", device="cpu", strength=1.0) as toon:
            pictures[text] = toon(photo).astype(float)
            assert toon.style == name
    one, between, two = pictures.values()
    apart = np.abs(one - two).mean()
    assert apart > 1
    assert np.abs(between - (one + two) / 2).mean() < apart / 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one:0.6+tow:0.4", "no style named"),
        ("one:0.6+two:0.5", "sum to 1.1"),
        ("one:0.2+two:0.2", "sum to 0.4"),
        ("one+two", "is no mixture"),
        ("one:half+two:0.5", "is no mixture"),
        ("one:0.5+", "is no mixture"),
        ("one:nan+two:0.5", "is no mixture"),
        ("one:1+two:0", "a share of 1"),
        ("one:0.5+one:0.5", "twice"),
        ("one:0.5+classic:0.5", "is a filter"),
        ("one:0.5+bigger:0.5", "no tier common"),
        ("one:0.5+stranger:0.5", "no common root"),
    ],
)
def test_blend_when_it_cannot_be_then_e201_with_a_remedy(family, text, words):
    with pytest.raises(UsageError, match=words) as caught:
        find_style(text)
    assert caught.value.code == "E201"
    assert caught.value.remedies


def test_mixture_when_networks_are_no_students_of_one_shape_then_e201(tmp_path):
    nano, small = (write_student(tmp_path / f"{t}.safetensors", t) for t in ("nano", "small"))
    paper = write_paper(tmp_path / "paper.safetensors")
    one, other, third = (read_checkpoint(path) for path in (nano, small, paper))
    with pytest.raises(UsageError, match="different shapes"):
        mixed([one, other], [0.5, 0.5])
    with pytest.raises(UsageError, match="only our own"):
        mixed([third, third], [0.5, 0.5])
    assert likeness(one, one) == pytest.approx(1)


def test_blend_when_the_cache_cannot_be_written_then_e402(family, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(family / "one.safetensors"))
    with pytest.raises(OutputError, match="E402"):
        find_style("one:0.5+two:0.5")


TRAINED = sorted(s.name for s in list_styles() if s.kind == "generator" and not s.base)


@pytest.mark.parametrize(("one", "two"), list(itertools.combinations(TRAINED, 2)))
def test_shipped_styles_when_mixed_then_have_a_common_root(one, two, monkeypatch, tmp_path):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))
    assert {"nano", "small"} <= find_style(f"{one}:0.6+{two}:0.4").files.keys()


def test_short_name_when_used_for_files_then_has_no_colon_and_no_folder():
    assert short_name("shinkai:0.6+ink:0.4") == "shinkai0.6+ink0.4"
    assert short_name("folder/mine.safetensors") == "mine"
