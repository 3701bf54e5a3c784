"""Styles that change while the picture runs."""

from __future__ import annotations

import threading

import pytest

from livecartoon.errors import ModelError
from livecartoon.sources.pattern import read_time_code
from tests.live import Recorder, ToyShop, play

pytestmark = pytest.mark.slow


def is_inverted(presenter: Recorder) -> bool:
    scene = presenter.scenes[-1]
    return bool((255 - scene.styled == scene.source).all())


def test_live_style_key_switches_without_stalling():
    gate = threading.Event()

    def opens_the_gate(presenter: Recorder) -> bool:
        gate.set()
        return True

    # Thirty pictures come while the gate is shut: the switch waits, the picture does not.
    keys = [(5, "2"), (30, "nothing"), (opens_the_gate, "nothing"), (is_inverted, "q")]
    report, presenter = play(keys, shop=ToyShop(gate=gate))
    assert [style["name"] for style in report.styles] == ["copy", "invert"]
    assert report.frames["processed"] >= 30
    assert read_time_code(255 - presenter.scenes[-1].styled) is not None


def test_live_style_beside_is_open_already_when_its_key_is_pressed():
    shop = ToyShop()
    opened: list[str] = []

    def is_open(_) -> bool:
        opened[:] = [made.style for made in shop.made]
        return "invert" in opened

    report, _ = play([(is_open, "]"), (is_inverted, "q")], shop=shop)
    assert [style["name"] for style in report.styles] == ["copy", "invert"]
    assert [made.style for made in shop.made] == opened == ["copy", "invert"]


def test_live_style_that_cannot_be_made_keeps_the_one_before():
    def is_told(presenter: Recorder) -> bool:
        return any("weights missing" in line for line in presenter.scenes[-1].hud)

    report, _ = play([(5, "3"), (is_told, "q")])
    assert [style["name"] for style in report.styles] == ["copy"]


def test_live_first_style_that_cannot_be_made_is_an_error():
    with pytest.raises(ModelError):
        play(style="broken", duration_s=5)


def test_live_while_the_style_is_prepared_shows_the_source_but_records_nothing(tmp_path):
    gate = threading.Event()

    def opens_the_gate(presenter: Recorder) -> bool:
        if len(presenter.scenes) > 6:
            gate.set()
        return gate.is_set()

    keys = [(opens_the_gate, "nothing")]
    report, presenter = play(keys, style="invert", shop=ToyShop(gate=gate), frames=10)
    assert "warming up invert" in presenter.scenes[0].panel[0]
    assert report.frames["warmup"] > 5
    assert report.sinks[0]["frames"] == 10
