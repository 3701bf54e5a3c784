from __future__ import annotations

from itertools import islice, pairwise

import pytest

from livecartoon.errors import DeviceError, UsageError
from livecartoon.sources.screen import ScreenSource
from tests.desktop import desktop, missing_tools


@pytest.fixture
def screen(monkeypatch):
    if missing_tools():
        pytest.skip(f"not installed: {missing_tools()}")
    with desktop(320, 240) as running:
        monkeypatch.setenv("DISPLAY", running.environment["DISPLAY"])
        yield running


def test_screen_whole_yields_its_pixels_in_order(screen):
    with ScreenSource() as source:
        frames = list(islice(source, 4))
    assert [frame.pixels.shape for frame in frames] == [(240, 320, 3)] * 4
    assert all(a.pts < b.pts for a, b in pairwise(frames))
    assert all(frame.captured_s is not None for frame in frames)


def test_screen_part_has_the_size_asked_for(screen):
    with ScreenSource("screen:100x50+20+30") as source:
        assert next(iter(source)).pixels.shape == (50, 100, 3)


@pytest.mark.parametrize("text", ["screen:400x50+0+0", "screen:100x50", "screen:x"])
def test_screen_that_is_none_is_a_usage_error(screen, text):
    with pytest.raises(UsageError):
        ScreenSource(text)


def test_screen_without_a_display_is_e801(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(DeviceError) as caught:
        ScreenSource()
    assert caught.value.code == "E801"
