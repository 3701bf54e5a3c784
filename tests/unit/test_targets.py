"""Designed training targets: colour space, filters, whole drawings and the folder of pairs."""

import cv2
import numpy as np
import pytest

from trainer.targets import STYLES, find_style, make_target, make_targets
from trainer.targets.colour import chroma_and_hue, oklab_to_rgb, rgb_to_oklab
from trainer.targets.filters import guided_filter, kuwahara, l0_smooth
from trainer.targets.flow import find_flow
from trainer.targets.folder import pair_name


def draw_photo(h=96, w=128):
    """A sky over grass with a face-coloured disc, a dark bar and camera noise."""
    photo = np.zeros((h, w, 3), np.float32)
    photo[: h // 2] = (0.45, 0.65, 0.90)
    photo[h // 2 :] = (0.25, 0.50, 0.15)
    cv2.circle(photo, (w // 2, h // 2), h // 5, (0.85, 0.65, 0.52), -1)
    cv2.rectangle(photo, (w // 8, h // 4), (w // 8 + 6, h - 8), (0.1, 0.1, 0.12), -1)
    noise = np.random.default_rng(7).normal(0, 0.01, photo.shape)
    return np.clip(photo + noise, 0, 1).astype(np.float32)


def test_oklab_of_white_is_lightness_one_without_colour():
    white = np.ones((1, 1, 3), np.float32)
    assert rgb_to_oklab(white)[0, 0] == pytest.approx([1, 0, 0], abs=1e-4)


def test_oklab_of_red_is_the_published_value():
    red = np.array([[[1, 0, 0]]], np.float32)
    assert rgb_to_oklab(red)[0, 0] == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-4)


def test_oklab_round_trip_stays_within_one_level():
    rgb = np.random.default_rng(1).random((32, 32, 3), np.float32)
    assert np.abs(oklab_to_rgb(rgb_to_oklab(rgb)) - rgb).max() < 1 / 255


def test_oklab_to_rgb_outside_the_gamut_keeps_hue_and_loses_chroma():
    lab = np.array([[[0.7, 0.30, 0.15], [0.5, -0.3, 0.05], [0.6, -0.02, -0.4]]], np.float32)
    rgb = oklab_to_rgb(lab)
    chroma, hue = chroma_and_hue(rgb_to_oklab(rgb))
    wanted_chroma, wanted_hue = chroma_and_hue(lab)
    assert np.abs(hue - wanted_hue).max() < 1.5
    assert (chroma < wanted_chroma).all()


def test_l0_smooth_of_a_noisy_step_gives_two_plateaus():
    step = np.full((48, 48, 3), 0.2, np.float32)
    step[:, 24:] = 0.8
    noisy = step + np.random.default_rng(2).normal(0, 0.02, step.shape).astype(np.float32)
    smooth = l0_smooth(noisy, 0.02)
    assert smooth[:, :22].std() < 0.005
    assert smooth[:, 26:].std() < 0.005
    assert smooth[:, 26:].mean() - smooth[:, :22].mean() == pytest.approx(0.6, abs=0.01)


def test_guided_filter_of_a_constant_is_the_constant():
    guide = np.random.default_rng(3).random((32, 40), np.float32)
    picture = np.full((32, 40, 3), 0.37, np.float32)
    assert np.abs(guided_filter(picture, guide, 4, 1e-3) - 0.37).max() < 1e-4


def test_kuwahara_at_a_step_keeps_the_step():
    step = np.full((24, 24, 3), 0.1, np.float32)
    step[:, 12:] = 0.9
    assert np.abs(kuwahara(step, 3) - step).max() < 0.02


def test_find_flow_at_a_vertical_edge_runs_up_and_down():
    step = np.zeros((24, 24), np.float32)
    step[:, 12:] = 1
    flow = find_flow(step, 2.0)
    assert np.abs(flow.tangent[12, 12]) == pytest.approx([0, 1], abs=1e-3)
    assert flow.anisotropy[12, 12] > 0.95


@pytest.mark.parametrize("style", sorted(STYLES))
def test_make_target_of_a_drawn_photo_has_its_shape_and_range(style):
    photo = draw_photo()
    target = make_target(photo, STYLES[style])
    for picture in (target.flat, target.graded, target.out):
        assert picture.shape == photo.shape
        assert picture.dtype == np.float32
        assert 0 <= picture.min() <= picture.max() <= 1
    assert target.line.shape == photo.shape[:2]
    assert target.line.dtype == np.float32
    assert 0 <= target.line.min() <= target.line.max() <= 1


def test_make_target_of_a_noisy_photo_is_flatter_and_lined():
    photo = draw_photo()
    target = make_target(photo, STYLES["ink"])
    grass = np.s_[80:92, 40:60]
    assert target.flat[grass].std(axis=(0, 1)).max() < photo[grass].std(axis=(0, 1)).min() / 2
    assert target.line.max() > 0.5


def weak_violet_wall(chroma):
    """A wall of two tones, OKLCh hue 310, as a bad white balance shows a grey one."""
    lab = np.zeros((96, 128, 3), np.float32)
    lab[..., 0] = 0.55 + 0.05 * (np.arange(128) // 16 % 2)
    lab[..., 1:] = chroma * np.array([np.cos(np.radians(310)), np.sin(np.radians(310))])
    return oklab_to_rgb(lab)


@pytest.mark.parametrize("style", ["shinkai", "paprika", "ink"])
def test_make_target_of_a_weak_violet_wall_makes_it_greyer_and_of_a_violet_thing_no_paler(style):
    def chroma_of(wall):
        graded = make_target(wall, find_style(style)).graded
        return float(np.median(chroma_and_hue(rgb_to_oklab(graded))[0]))

    assert chroma_of(weak_violet_wall(0.035)) < 0.035
    assert chroma_of(weak_violet_wall(0.12)) > 0.11


def test_make_target_twice_gives_the_same_bytes():
    first, second = (make_target(draw_photo(), STYLES["shinkai"]) for _ in range(2))
    assert np.array_equal(first.out, second.out)
    assert np.array_equal(first.line, second.line)


@pytest.mark.parametrize("photo", [np.zeros((96, 128, 3), np.uint8), np.zeros((96, 128), "f4")])
def test_make_target_of_another_format_is_refused(photo):
    with pytest.raises(ValueError, match="float32"):
        make_target(photo, STYLES["shinkai"])


def test_find_style_with_a_typing_error_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'shinkai'"):
        find_style("shinkia")


def test_make_targets_writes_pairs_once_and_reports_broken_files(tmp_path):
    photo, broken = tmp_path / "photo.png", tmp_path / "broken.jpg"
    cv2.imwrite(str(photo), (draw_photo(98, 131) * 255).astype(np.uint8))
    broken.write_bytes(b"no picture")
    calls = []
    pairs = tmp_path / "pairs"
    report = make_targets(
        [photo, broken],
        {"hayao": pairs},
        progress=lambda done, total: calls.append((done, total)),
    )
    assert (report.written, report.skipped, report.unreadable) == (1, 0, (broken,))
    assert calls == [(1, 2), (2, 2)]
    assert [path.name for path in pairs.iterdir()] == [pair_name(photo.read_bytes())]
    with np.load(pairs / pair_name(photo.read_bytes())) as pair:
        shapes = {name: pair[name].shape for name in pair.files}
        assert {pair[name].dtype for name in pair.files} == {np.dtype(np.uint8)}
    picture = (96, 128, 3)
    assert shapes == {"photo": picture, "graded": picture, "flat": picture, "line": (96, 128)}
    assert make_targets([photo], {"hayao": pairs}).skipped == 1


def test_make_targets_of_two_styles_shares_the_fills_and_can_hold_all_out(tmp_path):
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), (draw_photo() * 255).astype(np.uint8))
    folders = {style: tmp_path / style for style in ("hosoda", "paprika")}
    assert make_targets([photo], folders, held_out=True).written == 1
    name = pair_name(photo.read_bytes(), held_out=True)
    assert name.startswith("h_")
    with np.load(folders["hosoda"] / name) as one, np.load(folders["paprika"] / name) as other:
        assert np.array_equal(one["flat"], other["flat"])
        assert not np.array_equal(one["graded"], other["graded"])
    (folders["hosoda"] / name).unlink()
    assert make_targets([photo], folders, held_out=True).written == 1
    assert (folders["hosoda"] / name).exists()
