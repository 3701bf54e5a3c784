"""Keys pressed by a script while the picture runs."""

from __future__ import annotations

import av
import pytest

from tests.live import Recorder, play

pytestmark = pytest.mark.slow


def has_panel(presenter: Recorder) -> bool:
    return any("quit" in line for line in presenter.scenes[-1].panel)


def test_live_view_keys_change_the_view():
    _, presenter = play([(5, "c"), (0, "0"), (0, "m"), (0, "f"), (0, "?"), (has_panel, "q")])
    last = presenter.scenes[-1]
    assert last.compare == "wipe"
    assert last.is_original
    assert last.is_mirrored  # a card is no mirror until asked
    assert last.is_fullscreen


def test_live_record_key_starts_and_stops_a_recording(tmp_path, monkeypatch):
    monkeypatch.setattr("livecartoon.jobs.live.recording.videos_folder", lambda: tmp_path)
    report, presenter = play([(10, "r"), (30, "r"), (10, "r"), (30, "q")])
    recorded = [sink for sink in report.sinks if sink["kind"] == "record"]
    assert len(recorded) == 2
    assert sorted(sink["target"] for sink in recorded) == sorted(map(str, tmp_path.iterdir()))
    for sink in recorded:
        with av.open(sink["target"]) as container:
            assert sum(1 for _ in container.decode(video=0)) == sink["frames"] > 5
    assert any("record off" in line for scene in presenter.scenes for line in scene.hud)


def test_live_record_key_after_a_named_recording_takes_the_next_name(tmp_path):
    play([(20, "r"), (10, "r"), (20, "q")], record=tmp_path / "take.mkv", sinks=())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take-2.mkv", "take.mkv"]


def test_live_figures_key_gives_one_line():
    lines: list[str] = []
    play([(10, "i"), (lambda _: bool(lines), "q")], on_line=lines.append)
    assert len(lines) == 1
    assert "copy 1.00" in lines[0]
    assert "sinks null OK" in lines[0]


def test_live_freeze_key_stops_the_picture():
    _, presenter = play([(10, " "), (20, "q")])
    first, last = presenter.scenes[-8].styled, presenter.scenes[-1].styled
    assert (first == last).all()
    assert (presenter.scenes[0].styled != last).any()


def test_live_snapshot_key_saves_result_and_source(tmp_path):
    def are_saved(_) -> bool:
        return len(list(tmp_path.glob("*.png"))) == 2

    report, _ = play(
        [(10, "s"), (are_saved, "q")], snapshot_dir=tmp_path, style="invert", duration_s=20
    )
    names = sorted(path.name.rsplit("-", 1)[1] for path in tmp_path.iterdir())
    assert names == ["invert.png", "source.png"]
    assert sorted(report.snapshots) == sorted(str(path) for path in tmp_path.iterdir())


def test_live_hud_key_changes_the_text():
    _, presenter = play([(10, "h"), (lambda seen: len(seen.scenes[-1].hud) > 3, "q")])
    assert len(presenter.scenes[5].hud) <= 1
