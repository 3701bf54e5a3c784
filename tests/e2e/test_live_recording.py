"""Recordings of a live run: times, names, failures."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest

from livecartoon.errors import DeviceError, OutputError
from tests.live import play

pytestmark = pytest.mark.slow


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


def test_live_whose_only_sink_fails_is_e806(tmp_path, monkeypatch):
    def fail(self, frame) -> None:
        raise OutputError("E403", "disk full", "free some space")

    monkeypatch.setattr("livecartoon.sinks.file.FileSink.write", fail)
    with pytest.raises(DeviceError) as caught:
        play(record=tmp_path / "take.mkv", sinks=(), duration_s=5)
    assert caught.value.code == "E806"
