"""How a live run ends, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import DeviceError, UsageError
from livecartoon.jobs.live import run_live
from livecartoon.sinks.presenter import HeadlessPresenter
from tests.live import CARD, LIMIT_S, STYLES, ToyShop, live_settings, play

pytestmark = pytest.mark.slow


def leaves(before: set[threading.Thread]) -> set[threading.Thread]:
    """Threads that are still there although they had time to end."""
    end_s = time.monotonic() + LIMIT_S
    while (left := set(threading.enumerate()) - before) and time.monotonic() < end_s:
        time.sleep(0.02)
    return left


def test_live_for_a_duration_ends_with_all_fields():
    report, presenter = play(duration_s=0.5)
    assert report.end_reason == "duration"
    assert presenter.shown_s[-1] - presenter.shown_s[0] > 0.4  # the last picture is 1/50 s old
    assert set(report.as_json()) >= {
        "camera", "frames", "fps", "latency_ms", "styles", "sinks", "reconnects", "end_reason",
        "engine",
    }  # fmt: skip
    assert report.camera["size"] == [320, 180]
    assert report.engine is not None
    assert report.engine["backend"] == "toy"
    assert report.latency_ms["p50"] is not None


def test_live_for_a_number_of_frames_processes_just_those():
    report, _ = play(frames=7)
    assert report.end_reason == "frames"
    assert report.frames["processed"] == 7
    assert report.sinks[0]["frames"] == 7


def test_live_until_the_source_ends():
    report, _ = play(camera=f"{CARD},frames=20")
    assert report.end_reason == "source-ended"
    assert report.frames["captured"] == 20


def test_live_quits_on_a_key():
    report, presenter = play([(10, "q")])
    assert report.end_reason == "quit"
    assert len(presenter.scenes) == 10  # not one more


def test_live_when_the_presenter_is_closed_ends():
    presenter = HeadlessPresenter()
    threading.Timer(0.5, presenter.close).start()
    report = run_live(
        live_settings(), EngineOptions(style="copy"), presenter=presenter,
        make_stylizer=ToyShop(), styles=STYLES,
    )  # fmt: skip
    assert report.end_reason == "window-closed"


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGINT, "interrupt"), (signal.SIGTERM, "terminated")]
)
def test_live_ends_in_order_on_a_signal(number, reason):
    before = signal.getsignal(number)

    def is_sent(_) -> bool:
        os.kill(os.getpid(), number)
        return True

    report, _ = play([(is_sent, "nothing")])
    assert report.end_reason == reason
    assert signal.getsignal(number) is before


def test_live_without_any_camera_is_e801(monkeypatch):
    monkeypatch.setattr("livecartoon.sources.devices.list_cameras", list)
    with pytest.raises(DeviceError) as caught:
        play(camera="")
    assert caught.value.code == "E801"


def test_live_with_nothing_to_show_or_store_is_e204():
    with pytest.raises(UsageError) as caught:
        live_settings(sinks=())
    assert caught.value.code == "E204"


def test_live_whose_capture_breaks_raises_it_here(monkeypatch):
    def break_down(self, index):
        raise ZeroDivisionError

    monkeypatch.setattr("livecartoon.sources.pattern.PatternSource._frame", break_down)
    with pytest.raises(ZeroDivisionError):
        play(duration_s=5)


def test_live_leaves_no_threads_behind():
    before = set(threading.enumerate())
    play(frames=5)
    assert leaves(before) == set()


def test_live_started_and_stopped_many_times_leaves_nothing_behind():
    play(frames=2)
    files = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    before = set(threading.enumerate())
    for _ in range(15):
        play([(2, "q")])
    assert leaves(before) == set()
    assert not files or len(list(Path("/proc/self/fd").iterdir())) <= files
