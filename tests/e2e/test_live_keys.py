"""Keys pressed by a script while the picture runs."""

from __future__ import annotations

import av
import pytest

from tests.live import play

pytestmark = pytest.mark.slow


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
