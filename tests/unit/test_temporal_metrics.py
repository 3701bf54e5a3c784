"""The figures of real clips, on clips whose answer is known."""

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.flicker_sources import run as flicker
from benchmarks.temporal_clips import failures
from benchmarks.temporal_footage import WORSE, Footage
from benchmarks.temporal_metrics import score, track
from benchmarks.temporal_pictures import change_map, chart, time_slice
from tests.drawing import ClipPlan, drawn_photo, write_clip

WIDTH, HEIGHT, COUNT = 160, 96, 14


def soft(width, height, seed=0):
    noise = np.random.default_rng(seed).normal(0, 60, (height, width, 3)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2.5) * 4 + 128, 0, 255).astype(np.uint8)


def pan(step=2):
    world = soft(WIDTH + step * COUNT, HEIGHT)
    return [np.ascontiguousarray(world[:, step * i : step * i + WIDTH]) for i in range(COUNT)]


def noisy(frames, deviation, seed=1):
    rng = np.random.default_rng(seed)
    return [np.clip(f + rng.normal(0, deviation, f.shape), 0, 255).astype(np.uint8) for f in frames]


def mean(frames, keep):
    shown = [frames[0].astype(np.float32)]
    for frame in frames[1:]:
        shown.append(keep * shown[-1] + (1 - keep) * frame)
    return [np.asarray(f + 0.5, np.uint8) for f in shown]


def test_score_of_the_drawn_frames_themselves_then_says_so():
    frames = pan()
    scores = score(track(frames), frames, frames, frames)
    assert (scores.r_e, scores.floor, scores.ghost, scores.sharp) == (1, 1, 0, 1)


@pytest.mark.parametrize("keep", [0.3, 0.6])
def test_score_of_one_past_frame_mixed_in_then_finds_the_ghost(keep):
    frames = pan()
    mixed = [frames[0]] + [
        np.asarray(keep * a.astype(np.float32) + (1 - keep) * b + 0.5, np.uint8)
        for a, b in pairwise(frames)
    ]
    scores = score(track(frames), frames, frames, mixed)
    assert scores.ghost == pytest.approx(keep, abs=0.02)
    assert scores.sharp < 0.95


def test_score_of_a_still_clip_with_noise_then_finds_how_much_is_left():
    frames = [soft(WIDTH, HEIGHT)] * COUNT
    drawn = noisy(frames, 4)
    scores = score(track(frames), frames, drawn, mean(drawn, 0.5))
    assert scores.rest == pytest.approx(0.5**2 / 1.5, abs=0.03)  # (1 - k)^2 / (1 + k)
    assert scores.flick < 0.7 * scores.flick_drawn
    assert scores.flick_source == 0
    assert scores.ghost == 0


def test_score_when_something_jumped_then_the_trail_is_what_is_left_of_it():
    frames = [soft(WIDTH, HEIGHT).copy() for _ in range(COUNT)]
    for i, frame in enumerate(frames):
        frame[30:60, 6 * i + 10 : 6 * i + 40] = 240
    scores = score(track(frames), frames, frames, mean(frames, 0.6))
    assert scores.trail > 0.2
    assert score(track(frames), frames, frames, frames).trail == 0


def test_failures_name_each_gate_missed():
    frames = [soft(WIDTH, HEIGHT)] * COUNT
    good = score(track(frames), frames, frames, frames)
    bad = replace(good, r_e=0.7, ghost=0.3, sharp=0.8, flick=2.0, flick_source=1.0)
    words = [missed.split()[0] for missed in failures(bad, "moves")]
    assert words == ["r_e", "ghost", "sharp", "flick"]


@pytest.mark.parametrize("name", sorted(WORSE))
def test_footage_made_worse_then_is_another_picture_of_the_same_times(name):
    frames = [drawn_photo(64, 48)] * 5
    footage = Footage("clip", frames, frames, [i / 30 for i in range(5)])
    worse = WORSE[name](footage)
    assert len(worse.frames) == 5
    assert worse.clean is footage.clean
    assert worse.seconds == footage.seconds
    change = np.abs(worse.frames[3].astype(int) - frames[3]).mean()
    assert 0.2 < change < 12


def test_time_slice_then_is_one_row_over_time():
    frames = pan(1)
    sliced = time_slice(frames, row=5)
    assert sliced.shape == (3 * COUNT, WIDTH, 3)
    assert np.array_equal(sliced[3 * 4], frames[4][5])


def test_change_map_of_a_still_clip_then_is_black_and_chart_has_a_bar_for_each():
    assert change_map([drawn_photo(32, 24)] * 3).max() == 0
    small, large = (chart({"a": {"x": v, "y": 0.0}}, "t") for v in (0.2, 0.9))
    assert (large != 255).sum() > (small != 255).sum()


def test_flicker_sources_of_more_noise_then_are_louder(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(width=96, height=64, frames=3))
    found = flicker([clip], ["touchy"], 3)["styles"]["touchy"]
    out = [found["levels"][f"noise {n}"]["out"] for n in (2, 4, 8)]
    assert out == sorted(out)
    assert sum(found["shares"].values()) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_temporal_command_on_a_clip_then_writes_a_record_and_pictures(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(width=128, height=96, frames=16))
    record, pictures = tmp_path / "out.json", tmp_path / "pictures"
    words = ["temporal", str(clip), "--style", "touchy", "--frames", "16", "-o", str(record)]
    answer = CliRunner().invoke(main, [*words, "--pictures", str(pictures)])
    assert answer.exit_code == 0, answer.output
    row = json.loads(record.read_text())["figures"]["clips"]["clip"]["touchy"]
    assert set(row) == {"auto", "blend", "ema0.5", "flow"}
    names = {path.name for path in pictures.iterdir()}
    assert {"clip-touchy-xt.png", "clip-touchy-strip.png", "clips-touchy.png"} <= names


@pytest.mark.slow
def test_temporal_command_on_drawn_clips_then_names_the_gates(tmp_path):
    words = ["temporal", "--case", "cut", "--frames", "16", "--size", "160x90"]
    answer = CliRunner().invoke(main, [*words, "--pictures", str(tmp_path)])
    assert "ema0.5" in answer.output
    assert (tmp_path / "drawn-touchy.png").is_file()


def test_temporal_command_of_an_unknown_style_then_fails(tmp_path):
    answer = CliRunner().invoke(main, ["temporal", "--style", "nosuch"])
    assert answer.exit_code != 0
