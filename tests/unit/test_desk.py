from __future__ import annotations

import pytest

from livecartoon.config import Look
from livecartoon.jobs.live.desk import ACTIONS, HELP, Desk


def desk(**changes) -> Desk:
    return Desk(("shinkai", "hosoda", "classic"), "shinkai", **changes)


def press(keys: list[str], **changes) -> Desk:
    result = desk(**changes)
    for key in keys:
        result.press(key)
    return result


@pytest.mark.parametrize(
    ("keys", "style"),
    [
        (["2"], "hosoda"),
        (["9"], "shinkai"),
        (["]"], "hosoda"),
        (["["], "classic"),
        (["]", "]", "]"], "shinkai"),
        (["right", "left"], "shinkai"),
    ],
)
def test_style_keys_choose_the_style(keys, style):
    assert press(keys).style == style


def test_next_style_from_a_style_file_starts_at_the_first():
    result = Desk(("shinkai", "hosoda"), "./mine.safetensors")
    result.press("]")
    assert result.style == "shinkai"


@pytest.mark.parametrize(
    ("styles", "style", "neighbours"),
    [
        ("abcd", "a", ["b", "d"]),
        ("abcd", "c", ["d", "b"]),
        ("ab", "a", ["b"]),
        ("a", "a", []),
        ("abc", "file", ["a", "c"]),
        ("", "file", []),
    ],
)
def test_neighbours_are_one_key_away(styles, style, neighbours):
    assert Desk(tuple(styles), style).neighbours == neighbours


def test_strength_keys_stay_within_the_range():
    assert press(["+"]).look.strength == 1.0
    assert press(["-", "-"]).look.strength == 0.9
    assert press(["-"] * 30).look.strength == 0.0
    assert press(["="], look=Look(strength=0.5)).look.strength == 0.55


def test_keep_color_key_goes_round():
    assert [press(["k"] * n).look.keep_color for n in (1, 2, 3)] == [0.5, 1.0, 0.0]


def test_temporal_key_goes_round():
    modes = [press(["t"] * n).temporal for n in (1, 2, 3, 4)]
    assert modes == ["off", "blend", "flow", "auto"]


def test_ink_and_vivid_keys_stay_within_the_range():
    assert press(["o"]).look.ink == 1.1
    assert press(["l"] * 30).look.ink == 0.0
    assert press(["u"] * 30).look.vivid == 2.0
    assert press(["j", "u"]).look.vivid == 1.0


def test_sink_keys_are_remembered_in_order():
    assert press(["r", "v", "r"]).toggled == ["record", "vcam", "record"]


def test_figures_key_asks_for_a_line():
    assert press(["i"]).wants_figures


def test_temporal_key_switches_off_and_on():
    assert press(["t"]).temporal == "off"
    assert press(["t", "t"]).temporal == "blend"


def test_compare_and_hud_keys_go_round():
    assert [press(["c"] * n).compare for n in (1, 2, 3)] == ["wipe", "side", "off"]
    assert [press(["h"] * n).hud for n in (1, 2, 3)] == ["full", "off", "min"]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("0", "is_original"),
        (" ", "is_frozen"),
        ("m", "is_mirrored"),
        ("f", "is_fullscreen"),
        ("?", "is_help"),
    ],
)
def test_toggle_keys_flip_and_flip_back(key, name):
    before = getattr(desk(), name)
    assert getattr(press([key]), name) is not before
    assert getattr(press([key, key]), name) is before


@pytest.mark.parametrize("key", ["q", "esc"])
def test_quit_keys_ask_to_quit(key):
    assert press([key]).wants_quit


def test_snapshot_key_asks_for_one():
    assert press(["s"]).wants_snapshot


def test_unknown_key_changes_nothing():
    assert press(["x", "y", "", "f12"]) == desk()


def test_help_says_that_recordings_have_no_sound():
    (line,) = [line for line in HELP if line.startswith("r\t")]
    assert "no sound" in line


def test_help_names_every_key():
    named = " ".join(line.partition("\t")[0] for line in HELP)
    for key in set(ACTIONS) - {" ", "=", "left", "right"}:
        assert key in named.lower(), key
