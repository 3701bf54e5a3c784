"""The governor's levels as engines of real styles."""

from __future__ import annotations

import pytest

from livecartoon.backends.reduction import reduction_for
from livecartoon.config import EngineOptions, Look
from livecartoon.governor import Level
from livecartoon.jobs.live.engines import arguments_for, options_for
from livecartoon.jobs.live.levels import Ladder, Rung, real_ladders, smaller_tier
from livecartoon.jobs.live.styling import StyleKey
from livecartoon.styles import find_style
from livecartoon.wanted import missing_engine


def ladder(width: int, height: int, style: str = "shinkai", **typed) -> Ladder:
    return real_ladders(EngineOptions(device="cpu", **typed))(style, width, height)


def names(found: Ladder) -> list[str]:
    return [rung.name for rung in found.rungs]


@pytest.mark.parametrize(
    ("size", "wanted", "start"),
    [
        ((640, 360), ["360p", "360p nano", "180p nano"], 0),
        ((1280, 720), ["720p", "360p", "360p nano", "240p nano", "180p nano"], 1),
        ((540, 960), ["540p", "270p", "270p nano", "180p nano"], 1),
        ((320, 180), ["180p", "180p nano"], 0),
    ],
)
def test_ladder_of_a_trained_style_then_size_and_tier_never_change_together(size, wanted, start):
    found = ladder(*size)
    assert names(found) == wanted
    assert found.start == start


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (2560, 1440), (3440, 1440), (176, 144)])
def test_ladder_of_any_camera_then_each_rung_is_an_engine_of_its_size(size):
    found = ladder(*size)
    assert found.rungs[found.start].level.short_side == round(
        min(size) / reduction_for(*size, "auto", on_gpu=False)
    )
    assert not found.rungs[found.start].level.is_smaller_tier
    for rung in found.rungs:
        reduction = reduction_for(*size, rung.infer_size, on_gpu=False)
        assert rung.level.short_side == round(min(size) / reduction)


def test_ladder_when_size_is_typed_then_only_that():
    found = ladder(1280, 720, infer_size="720p")
    assert found.rungs == (Rung(Level(720), "auto", "720p"),)


def test_ladder_when_tier_is_typed_then_it_never_changes():
    found = ladder(1280, 720, tier="small")
    assert {rung.tier for rung in found.rungs} == {"small"}
    assert len(found.rungs) == 4


def test_ladder_of_a_filter_then_sizes_only():
    assert names(ladder(1280, 720, "classic")) == ["720p", "360p", "240p", "180p"]


@pytest.mark.parametrize(
    ("tiers", "typed", "on_gpu", "wanted"),
    [
        (("nano", "small"), "auto", False, "nano"),
        (("nano", "small"), "small", False, None),
        (("small",), "auto", False, None),
        (("small", "large"), "auto", True, "small"),
        (("nano", "small", "base", "large"), "auto", True, "base"),
    ],
)
def test_smaller_tier_then_the_next_one_the_style_has(tiers, typed, on_gpu, wanted):
    assert smaller_tier(tiers, typed, on_gpu=on_gpu) == wanted


def test_options_of_a_rung_then_only_tier_and_size_differ():
    engine = EngineOptions(style="hayao", device="cpu", threads=1)
    look = Look(ink=0.5)
    typed = options_for(engine, StyleKey.of("shinkai", look))
    assert (typed.style, typed.look, typed.tier, typed.infer_size) == (
        "shinkai",
        look,
        "auto",
        "auto",
    )
    rung = Rung(Level(180, is_smaller_tier=True), "nano", "320x180")
    options = options_for(engine, StyleKey.of("shinkai", look, rung))
    assert (options.tier, options.infer_size, options.threads) == ("nano", "320x180", 1)


def test_arguments_of_a_build_then_name_the_engine_that_the_run_will_look_for(own_cache):
    rung = Rung(Level(180, is_smaller_tier=True), "nano", "320x180")
    key = StyleKey.of("shinkai", Look(strength=0.5), rung)
    words = arguments_for(EngineOptions(), key, 640, 360)
    first = words.index("--style")
    flags = dict(zip(words[first::2], words[first + 1 :: 2], strict=True))
    assert flags["--size"] == "640x360"
    assert (flags["--tier"], flags["--infer-size"]) == ("nano", "320x180")
    missing = missing_engine(find_style("shinkai"), 640, 360, options_for(EngineOptions(), key))
    assert missing is not None
    assert (flags["--strength"], flags["--precision"]) == ("0.5", missing.spec.precision)
