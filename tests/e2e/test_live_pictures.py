"""Pictures from the source to the screen: order, number, status."""

from __future__ import annotations

import time

import numpy as np
import pytest

from livecartoon.jobs.live import LiveStatus
from livecartoon.sources.pattern import read_time_code
from tests.live import ToyShop, play

pytestmark = pytest.mark.slow


def test_live_accounts_for_every_captured_frame():
    report, _ = play(duration_s=0.5)
    frames = report.frames
    passed = frames["processed"] + frames["skipped_static"] + frames["warmup"]
    assert 0 <= frames["captured"] - passed <= frames["dropped"] + 2


def test_live_pictures_shown_are_in_order_and_styled():
    _, presenter = play(frames=30)
    codes = [read_time_code(scene.styled) for scene in presenter.scenes]
    counters = [code[0] for code in codes if code]
    assert counters == sorted(counters)
    assert len(counters) >= 10


def test_live_latency_reported_is_that_of_the_time_code_on_the_screen():
    report, presenter = play(shop=ToyShop(delay_s=0.03), duration_s=1.0)
    ages_ms = []
    for shown_s, scene in zip(presenter.shown_s, presenter.scenes, strict=True):
        code = read_time_code(scene.styled)
        assert code is not None
        ages_ms.append((int(shown_s * 1000) - code[1]) % 65536)
    assert float(np.median(ages_ms)) >= 30
    assert abs(float(np.median(ages_ms)) - report.latency_ms["p50"]) < 1000 / 50


def test_live_tells_its_status():
    seen: list[LiveStatus] = []
    play(duration_s=0.8, on_status=seen.append)
    assert seen[0].is_warming
    assert not seen[-1].is_warming
    assert seen[-1].shown_fps > 0
    shown = [status.shown for status in seen]
    assert shown == sorted(shown)
    assert shown[0] == 0 < shown[-1]


def test_live_video_file_as_camera_plays_in_real_time(tmp_path):
    path = tmp_path / "clip.mkv"
    play(record=path, sinks=(), frames=25)
    start_s = time.monotonic()
    report, _ = play(camera=str(path))
    assert time.monotonic() - start_s > 0.3
    assert report.end_reason == "source-ended"
    assert report.camera["name"] == "clip.mkv"
