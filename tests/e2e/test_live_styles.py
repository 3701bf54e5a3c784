"""Styles that change while the picture runs."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from livecartoon.errors import ModelError
from livecartoon.sources.pattern import read_time_code
from tests.live import ToyShop, play

pytestmark = pytest.mark.slow


def test_live_style_key_switches_without_stalling():
    gate = threading.Event()
    threading.Timer(0.7, gate.set).start()
    report, presenter = play([(0.2, "2"), (1.5, "q")], shop=ToyShop(gate=gate))
    assert [style["name"] for style in report.styles] == ["copy", "invert"]
    assert report.frames["processed"] > 30  # it went on while the gate was shut
    assert read_time_code(255 - presenter.scenes[-1].styled) is not None


def test_live_style_beside_is_open_already_and_drops_at_most_one_frame():
    shop = ToyShop(opening_s=1.0)
    report, presenter = play([(4.0, "]"), (5.4, "q")], shop=shop, camera="pattern:320x180@10")
    assert [style["name"] for style in report.styles] == ["copy", "invert"]
    scenes, start_s = presenter.scenes, presenter.shown_s[0]
    is_changed = [(scene.styled != scene.source).any() for scene in scenes]
    is_inverted = [(255 - scene.styled == scene.source).all() for scene in scenes]
    changed, inverted = is_changed.index(True), is_inverted.index(True)
    assert presenter.shown_s[changed] - start_s < 4.0 + 0.6  # not the second of opening
    assert 0.15 < presenter.shown_s[inverted] - presenter.shown_s[changed] < 0.7
    counters = [read_time_code(scene.source)[0] for scene in scenes[changed - 3 :]]
    assert np.diff(counters).max() <= 2


def test_live_style_that_cannot_be_made_keeps_the_one_before():
    report, presenter = play([(0.2, "3"), (0.8, "q")])
    assert [style["name"] for style in report.styles] == ["copy"]
    assert any("weights missing" in line for scene in presenter.scenes for line in scene.hud)


def test_live_first_style_that_cannot_be_made_is_an_error():
    with pytest.raises(ModelError):
        play(style="broken", duration_s=5)


def test_live_while_the_style_is_prepared_shows_the_source_but_records_nothing(tmp_path):
    gate = threading.Event()
    threading.Timer(0.5, gate.set).start()
    report, presenter = play(style="invert", shop=ToyShop(gate=gate), frames=10)
    assert "warming up invert" in presenter.scenes[0].panel[0]
    assert report.frames["warmup"] > 5
    assert report.sinks[0]["frames"] == 10
