from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livecartoon.jobs.live.desk import HELP
from livecartoon.jobs.live.hud import (
    HudState,
    condition,
    figures_line,
    hud_lines,
    silence_text,
    stage_bars,
)
from livecartoon.jobs.live.vram import vram_text
from livecartoon.sinks.lettering import draw_hud, draw_panel, text_px
from livecartoon.sinks.presenter import Scene
from livecartoon.sinks.window import key_name, render

STATE = HudState("shinkai", 1.0, 29.84, 42.4)


def test_hud_min_is_one_line():
    assert hud_lines(STATE, "min") == ("shinkai 1.00 | 29.8 fps | 42 ms",)


def test_hud_min_while_recording_says_so_and_that_there_is_no_sound():
    (line,) = hud_lines(replace(STATE, recorded_s=72.9), "min")
    assert line.endswith("| REC 01:12 no sound")


def test_hud_off_shows_only_the_note():
    assert hud_lines(STATE, "off") == ()
    assert hud_lines(STATE, "off", "saved") == ("saved",)


def test_hud_full_with_a_warning_does_not_note_it_again():
    state = replace(STATE, warnings=("low light",))
    told = [line for line in hud_lines(state, "full", "low light") if "low light" in line]
    assert told == ["warning: low light"]
    assert hud_lines(state, "min", "low light")[-1] == "low light"


def test_hud_full_names_camera_engine_and_state():
    state = replace(
        STATE, camera="C920", size=(1280, 720), engine="openvino fp32 cpu", captured=100, dropped=5
    )
    text = "\n".join(hud_lines(state, "full"))
    assert "C920 1280x720" in text
    assert "openvino fp32 cpu" in text
    assert "dropped 5 %" in text


def test_hud_full_tells_how_late_most_pictures_are():
    lines = hud_lines(replace(STATE, latencies_ms=(41.2, 60.0, 88.7)), "full")
    assert "latency p50 41, p95 60, p99 89 ms" in lines


def test_hud_full_shows_what_each_stage_takes_of_a_frame_time():
    state = replace(STATE, stages=(("network", 20.0), ("anti-flicker", 3.4)), frame_ms=33.3)
    assert ("network [######....] 20 ms | anti-flicker [#.........] 3 ms | of 33 ms") in hud_lines(
        state, "full"
    )
    slow = replace(state, stages=(("network", 90.0),))
    assert stage_bars(slow).startswith("network [##########]")
    assert not any("[" in line for line in hud_lines(STATE, "full"))


def test_vram_of_anything_but_a_card_is_not_mentioned():
    assert vram_text("cpu") == ""
    assert "VRAM 1.0 of 8.0 GiB" in hud_lines(replace(STATE, vram="VRAM 1.0 of 8.0 GiB"), "full")


def test_figures_line_has_all_of_the_full_text_in_one_line():
    line = figures_line(replace(STATE, camera="C920", warnings=("low light",)))
    assert "\n" not in line
    assert all(word in line for word in ("42 ms", "C920", "warning: low light"))


def test_hud_of_a_name_beyond_ascii_replaces_it():
    (line,) = hud_lines(replace(STATE, style="新海"), "min")
    assert line.startswith("?? ")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"captured": 100, "dropped": 11}, "DROP"),
        ({"camera_fps": 30.0, "processed_fps": 20.0}, "SLOW"),
        ({"camera_fps": 30.0, "processed_fps": 29.0, "captured": 100, "dropped": 9}, "OK"),
    ],
)
def test_condition_is_a_word(changes, word):
    assert condition(replace(STATE, **changes)) == word


@pytest.mark.parametrize("level", [0, 128, 255])
def test_hud_drawn_on_any_grey_has_white_and_black(level):
    canvas = np.full((240, 480, 3), level, np.uint8)
    draw_hud(canvas, ("shinkai 1.00",))
    drawn = canvas[:40]
    assert drawn.max() > 240
    assert drawn.min() < 15
    assert (canvas[60:] == level).all()


def test_text_is_never_smaller_than_14_pixels():
    assert text_px(120) == 14
    assert text_px(2160) > 40


@pytest.mark.parametrize("size", [(320, 240), (160, 90), (20, 10)])
def test_text_larger_than_the_picture_is_cut_off(size):
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    draw_hud(canvas, ("x" * 200,) * 30)
    draw_panel(canvas, HELP)
    assert canvas.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("size", [(640, 360), (480, 270), (320, 240)])
def test_hud_wider_than_the_window_goes_on_in_the_next_line(size):
    canvas = np.full((size[1], size[0], 3), 128, np.uint8)
    draw_hud(
        canvas, ("sinks window OK, record OK, stream RETRYING (the receiver is away) " * 2,) * 3
    )
    is_text = (canvas == 255).all(axis=2)
    assert is_text[:, : size[0] // 2].any()
    assert not is_text[:, -4:].any()  # nothing is cut off at the right
    assert not is_text[-2:].any()


def test_panel_darkens_the_middle_only():
    canvas = np.full((480, 640, 3), 200, np.uint8)
    draw_panel(canvas, ("warming up",))
    assert canvas[240, 320].max() != 200
    assert (canvas[0] == 200).all()


def flat(red, green, blue, width=64, height=36):
    return np.full((height, width, 3), (red, green, blue), np.uint8)


def test_render_into_a_taller_window_keeps_the_aspect():
    picture = render(Scene(flat(200, 10, 0), flat(0, 0, 200)), 128, 128)
    assert picture.shape == (128, 128, 3)
    assert (picture[:28] == 0).all()
    assert (picture[64, 64] == (0, 10, 200)).all()  # BGR
    rows = np.flatnonzero(picture[:, 64].any(axis=1))
    assert len(rows) == 72


def test_render_compare_wipe_has_the_source_at_the_left():
    picture = render(Scene(flat(200, 0, 0), flat(0, 0, 200), compare="wipe"), 64, 36)
    assert (picture[18, 10] == (200, 0, 0)).all()
    assert (picture[18, 32] == 255).all()
    assert (picture[18, 50] == (0, 0, 200)).all()


@pytest.mark.parametrize(("wipe", "edge"), [(0.0, 0), (0.25, 16), (1.0, 63)])
def test_render_compare_wipe_puts_the_edge_where_it_was_dragged(wipe, edge):
    scene = Scene(flat(200, 0, 0), flat(0, 0, 200), compare="wipe", wipe=wipe)
    picture = render(scene, 64, 36)
    assert (picture[18, edge] == 255).all()
    assert (picture[18, : max(0, edge - 1)] == (200, 0, 0)).all()
    assert (picture[18, edge + 1 :] == (0, 0, 200)).all()


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (480, 270), (320, 240)])
def test_help_panel_fits_into_the_window(size):
    canvas = np.full((size[1], size[0], 3), 200, np.uint8)
    draw_panel(canvas, HELP)
    assert (canvas[:, -4:] != 255).all() or size[0] < 480  # no letter runs into the edge
    assert (canvas[-1] != 255).all()


def test_render_compare_side_shows_both_whole():
    picture = render(Scene(flat(200, 0, 0), flat(0, 0, 200), compare="side"), 128, 36)
    assert (picture[18, 10] == (200, 0, 0)).all()
    assert (picture[18, 100] == (0, 0, 200)).all()


def test_render_mirrored_swaps_sides_but_not_text():
    left_red = flat(0, 0, 0)
    left_red[:, :32] = (200, 0, 0)
    plain = render(Scene(left_red, left_red), 64, 36)
    mirrored = render(Scene(left_red, left_red, is_mirrored=True), 64, 36)
    np.testing.assert_array_equal(plain[:, ::-1], mirrored)
    black = flat(0, 0, 0)
    texts = [
        render(Scene(black, black, is_mirrored=m, hud=("abc",)), 64, 36) for m in (False, True)
    ]
    np.testing.assert_array_equal(*texts)


def test_render_original_shows_the_source():
    picture = render(Scene(flat(200, 0, 0), flat(0, 0, 200), is_original=True), 64, 36)
    assert (picture[18, 32] == (200, 0, 0)).all()


@pytest.mark.parametrize(
    ("code", "name"),
    [(27, "esc"), (ord("Q"), "q"), (ord("["), "["), (65361, "left"), (32, " "), (65505, "")],
)
def test_key_name_of_a_code(code, name):
    assert key_name(code) == name


def test_silence_of_the_camera_is_told_after_two_seconds():
    assert silence_text(1.9) == ""
    assert "for 3 s" in silence_text(3.2)
