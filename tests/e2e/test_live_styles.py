"""Styles that change while the picture runs."""

from __future__ import annotations

import threading

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
