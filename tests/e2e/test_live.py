"""The live job with its real threads, on the drawn card, with keys pressed by a script."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import DeviceError, ModelError, OutputError, UsageError
from livecartoon.governor import Level
from livecartoon.jobs.live import LiveReport, LiveSettings, LiveStatus, run_live
from livecartoon.jobs.live.levels import Ladder, Rung
from livecartoon.sinks.presenter import HeadlessPresenter
from livecartoon.sources.pattern import read_time_code
from tests.live import STYLES, ToyShop

pytestmark = pytest.mark.slow
CARD = "pattern:320x180@50"


def settings(**changes) -> LiveSettings:
    wanted = {"camera": CARD, "show": False, "sinks": ("null",), "static_skip": False}
    return LiveSettings(**(wanted | changes))


def play(
    keys: list[tuple[float, str]] | None = None,
    *,
    style: str = "copy",
    shop: ToyShop | None = None,
    on_status=None,
    on_line=None,
    find_ladder=None,
    **changes,
) -> tuple[LiveReport, HeadlessPresenter]:
    presenter = Recorder(keys or [])
    report = run_live(
        settings(**changes),
        EngineOptions(style=style),
        on_status,
        on_line=on_line,
        presenter=presenter,
        make_stylizer=shop or ToyShop(),
        styles=STYLES,
        find_ladder=find_ladder,
    )
    return report, presenter


class Recorder(HeadlessPresenter):
    """A headless presenter that keeps every scene."""

    def __init__(self, script) -> None:
        super().__init__(script)
        self.scenes = []

    def show(self, scene) -> None:
        super().show(scene)
        self.scenes.append(scene)


def test_live_for_a_duration_ends_in_time_with_all_fields():
    start_s = time.monotonic()
    report, _ = play(duration_s=0.5)
    assert time.monotonic() - start_s < 4
    assert report.end_reason == "duration"
    assert set(report.as_json()) >= {
        "camera", "frames", "fps", "latency_ms", "styles", "sinks", "reconnects", "end_reason",
        "engine",
    }  # fmt: skip
    assert report.camera["size"] == [320, 180]
    assert report.engine is not None
    assert report.engine["backend"] == "toy"
    assert report.latency_ms["p50"] is not None


def test_live_accounts_for_every_captured_frame():
    report, _ = play(duration_s=0.5)
    frames = report.frames
    passed = frames["processed"] + frames["skipped_static"] + frames["warmup"]
    assert 0 <= frames["captured"] - passed <= frames["dropped"] + 2


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
    start_s = time.monotonic()
    report, _ = play([(0.2, "q")])
    assert report.end_reason == "quit"
    assert time.monotonic() - start_s < 3


def test_live_when_the_presenter_is_closed_ends():
    presenter = HeadlessPresenter()
    threading.Timer(0.5, presenter.close).start()
    report = run_live(
        settings(), EngineOptions(style="copy"), presenter=presenter,
        make_stylizer=ToyShop(), styles=STYLES,
    )  # fmt: skip
    assert report.end_reason == "window-closed"


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGINT, "interrupt"), (signal.SIGTERM, "terminated")]
)
def test_live_ends_in_order_on_a_signal(number, reason):
    before = signal.getsignal(number)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), number))
    timer.start()
    report, _ = play()
    assert report.end_reason == reason
    assert signal.getsignal(number) is before


def test_live_pictures_shown_are_in_order_and_styled():
    _, presenter = play(frames=20)
    codes = [read_time_code(scene.styled) for scene in presenter.scenes]
    counters = [code[0] for code in codes if code]
    assert counters == sorted(counters)
    assert len(counters) >= 10


LADDER = Ladder(
    (Rung(Level(180), "auto", "320x180"), Rung(Level(90), "auto", "160x90")),
    0,
)


def test_live_when_too_slow_then_takes_the_faster_level_without_a_stall():
    shop = ToyShop(delay_s=0.1, level_making_s=1.0)
    shown_s: list[float] = []
    presenter = Recorder([(6.0, "q")])
    show = presenter.show
    presenter.show = lambda scene: (show(scene), shown_s.append(time.monotonic()))
    report = run_live(
        settings(), EngineOptions(style="copy"), presenter=presenter, make_stylizer=shop,
        styles=STYLES, find_ladder=lambda *_: LADDER,
    )  # fmt: skip
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.governor_changes == 1
    assert max(after - before for before, after in itertools.pairwise(shown_s)) < 0.9
    assert report.fps["shown"] > 12  # the slow level alone shows ten
    assert [style["name"] for style in report.styles] == ["copy"]


def test_live_when_the_governor_is_off_then_stays_slow_until_its_key():
    report, _ = play(
        [(2.5, "g"), (6.0, "q")],
        shop=ToyShop(delay_s=0.1),
        governor=False,
        find_ladder=lambda *_: LADDER,
    )
    assert [level["size"] for level in report.levels] == ["180p", "90p"]
    assert report.levels[0]["seconds"] > 2.4


def test_live_when_no_level_holds_then_says_too_slow_and_shows_half_the_pictures():
    seen: list[LiveStatus] = []
    report, _ = play(
        [(7.0, "q")],
        shop=ToyShop(delay_s=0.1, level_delay_s=0.025),
        on_status=seen.append,
        find_ladder=lambda *_: LADDER,
    )
    assert seen[-1].is_too_slow
    assert report.warnings[-1].startswith("TOO SLOW")
    assert report.frames["left_out"] > 0


def test_live_with_a_slow_style_drops_frames_but_stays_fresh():
    report, _ = play(shop=ToyShop(delay_s=0.1), duration_s=1.5)
    assert report.frames["dropped"] > 20
    assert report.latency_ms["p95"] < 400


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


def test_live_view_keys_change_the_view():
    _, presenter = play([(0.1, "c"), (0.1, "0"), (0.1, "m"), (0.1, "f"), (0.1, "?"), (0.6, "q")])
    last = presenter.scenes[-1]
    assert last.compare == "wipe"
    assert last.is_original
    assert last.is_mirrored  # a card is no mirror until asked
    assert last.is_fullscreen
    assert any("quit" in line for line in last.panel)


def test_live_record_key_starts_and_stops_a_recording(tmp_path, monkeypatch):
    monkeypatch.setattr("livecartoon.jobs.live.recording.videos_folder", lambda: tmp_path)
    report, presenter = play([(0.3, "r"), (0.9, "r"), (1.3, "r"), (1.9, "q")])
    recorded = [sink for sink in report.sinks if sink["kind"] == "record"]
    assert len(recorded) == 2
    assert sorted(sink["target"] for sink in recorded) == sorted(map(str, tmp_path.iterdir()))
    for sink in recorded:
        with av.open(sink["target"]) as container:
            assert sum(1 for _ in container.decode(video=0)) == sink["frames"] > 5
    assert any("record off" in line for scene in presenter.scenes for line in scene.hud)


def test_live_record_key_after_a_named_recording_takes_the_next_name(tmp_path):
    play([(0.5, "r"), (0.8, "r"), (1.2, "q")], record=tmp_path / "take.mkv", sinks=())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take-2.mkv", "take.mkv"]


def test_live_figures_key_gives_one_line():
    lines: list[str] = []
    play([(0.8, "i"), (1.0, "q")], on_line=lines.append)
    assert len(lines) == 1
    assert "copy 1.00" in lines[0]
    assert "sinks null OK" in lines[0]


def test_live_freeze_key_stops_the_picture():
    _, presenter = play([(0.3, " "), (0.9, "q")])
    first, last = presenter.scenes[-8].styled, presenter.scenes[-1].styled
    assert (first == last).all()


def test_live_snapshot_key_saves_result_and_source(tmp_path):
    report, _ = play([(0.3, "s"), (1.0, "q")], snapshot_dir=tmp_path, style="invert")
    names = sorted(path.name.rsplit("-", 1)[1] for path in tmp_path.iterdir())
    assert names == ["invert.png", "source.png"]
    assert sorted(report.snapshots) == sorted(str(path) for path in tmp_path.iterdir())


def test_live_hud_key_changes_the_text():
    _, presenter = play([(0.3, "h"), (0.9, "q")])
    assert len(presenter.scenes[5].hud) <= 1
    assert len(presenter.scenes[-1].hud) > 3


def test_live_tells_its_status():
    seen: list[LiveStatus] = []
    play(duration_s=0.8, on_status=seen.append)
    assert seen[0].is_warming
    assert not seen[-1].is_warming
    assert seen[-1].shown_fps > 0


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_live_recording_keeps_the_capture_times(tmp_path, suffix):
    path = tmp_path / f"take.{suffix}"
    report, _ = play(record=path, sinks=(), frames=40)
    with av.open(str(path)) as container:
        times = [
            Fraction(f.pts) * Fraction(f.time_base.numerator, f.time_base.denominator)
            for f in container.decode(video=0)
        ]
    assert len(times) == report.sinks[0]["frames"]
    assert times[0] == 0
    grid = [float(t * 50) for t in times]
    assert all(abs(g - round(g)) < 0.06 for g in grid)
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


def test_live_recording_over_an_existing_file_needs_leave(tmp_path):
    path = tmp_path / "take.mkv"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError) as caught:
        play(record=path, frames=3)
    assert caught.value.code == "E401"
    assert path.read_bytes() == b"precious"
    play(record=path, frames=3, overwrite=True)
    assert path.stat().st_size > 100


def test_live_recording_beside_the_remains_of_a_crash_keeps_them(tmp_path):
    remains = tmp_path / "take.partial.mkv"
    remains.write_bytes(b"precious")
    play(record=tmp_path / "take.mkv", frames=3)
    assert remains.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 2


def test_live_video_file_as_camera_plays_in_real_time(tmp_path):
    path = tmp_path / "clip.mkv"
    play(record=path, sinks=(), frames=25)
    start_s = time.monotonic()
    report, _ = play(camera=str(path))
    assert time.monotonic() - start_s > 0.3
    assert report.end_reason == "source-ended"
    assert report.camera["name"] == "clip.mkv"


def test_live_without_any_camera_is_e801(monkeypatch):
    monkeypatch.setattr("livecartoon.sources.devices.list_cameras", list)
    with pytest.raises(DeviceError) as caught:
        play(camera="")
    assert caught.value.code == "E801"


def test_live_with_nothing_to_show_or_store_is_e204():
    with pytest.raises(UsageError) as caught:
        settings(sinks=())
    assert caught.value.code == "E204"


def test_live_whose_only_sink_fails_is_e806(tmp_path, monkeypatch):
    def fail(self, frame) -> None:
        raise OutputError("E403", "disk full", "free some space")

    monkeypatch.setattr("livecartoon.sinks.file.FileSink.write", fail)
    with pytest.raises(DeviceError) as caught:
        play(record=tmp_path / "take.mkv", sinks=(), duration_s=5)
    assert caught.value.code == "E806"


def test_live_whose_capture_breaks_raises_it_here(monkeypatch):
    def break_down(self, index):
        raise ZeroDivisionError

    monkeypatch.setattr("livecartoon.sources.pattern.PatternSource._frame", break_down)
    with pytest.raises(ZeroDivisionError):
        play(duration_s=5)


def test_live_leaves_no_threads_behind():
    before = set(threading.enumerate())
    play(frames=5)
    assert set(threading.enumerate()) <= before


def test_live_started_and_stopped_many_times_leaves_nothing_behind():
    play(frames=2)
    files = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    before = set(threading.enumerate())
    for _ in range(15):
        play([(0.05, "q")])
    assert set(threading.enumerate()) <= before
    assert not files or len(list(Path("/proc/self/fd").iterdir())) <= files
