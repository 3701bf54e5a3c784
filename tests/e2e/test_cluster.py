"""A real Ray cluster of several processes on this machine, one of them killed on the way."""

import os
import signal
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.cli import run
from livecartoon.config import EngineOptions
from livecartoon.jobs.cluster.crew import WorkerCrew
from livecartoon.jobs.cluster.fleet import Fleet
from livecartoon.jobs.cluster.library import Library
from livecartoon.jobs.convert import Batch
from livecartoon.jobs.hooks import Progress, make_stylizer
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, write_clip
from tests.laps import SHORT, assert_same_film, convert

pytest.importorskip("ray")
pytestmark = pytest.mark.slow
OPTIONS = EngineOptions(style="shinkai", tier="nano", device="cpu", temporal="blend")
SECOND = replace(SHORT, segment_s=Fraction(1))


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """A film of several laps, and small ones."""
    (tmp_path / "in").mkdir()
    long = write_clip(tmp_path / "in" / "long.mp4", ClipPlan(frames=200, key_frames=25))
    small = [write_clip(tmp_path / "in" / f"{n}.mp4", ClipPlan(frames=9)) for n in range(3)]
    return [long, *small]


def test_worker_when_killed_on_a_cluster_then_films_are_the_serial_ones(
    tmp_path: Path, clips: list[Path], engines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))
    (tmp_path / "out").mkdir()
    batch = Batch(clips, tmp_path / "out" / "{stem}.mkv", OPTIONS, SECOND)
    warnings: list[str] = []
    is_killed = threading.Event()
    with Fleet("local", 3, None, 0) as fleet:
        crew = WorkerCrew(list(fleet.workers), fleet.hire, lambda c, text: warnings.append(c))
        first = fleet.workers[0].pid

        def kill(progress: Progress) -> None:
            if progress.frame > 40 and not is_killed.is_set():
                is_killed.set()
                os.kill(first, signal.SIGKILL)

        reports = Library(batch, crew, on_progress=kill).convert()
        assert is_killed.is_set()
        assert first not in [worker.pid for worker in fleet.workers]
        assert len(fleet.workers) == crew.size == 3
    assert set(warnings) == {"W510"}
    for clip, report in zip(clips, reports, strict=True):
        convert(clip, tmp_path / "serial.mkv", SECOND, make_stylizer, OPTIONS)
        assert report.status == "done"
        assert report.output is not None
        assert_same_film(tmp_path / "serial.mkv", report.output)
        (tmp_path / "serial.mkv").unlink()


def test_command_when_typed_with_a_cluster_then_plans_and_converts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=60))
    handler = signal.getsignal(signal.SIGTERM)
    words = ["convert", str(clip), "-s", "classic", "--segment", "1s", "--cluster", "local"]
    assert run([*words, "--workers", "2", "--dry-run"]) == 0
    assert "drawn    after about 0:00:" in capsys.readouterr().err
    assert run([*words, "--workers", "2"]) == 0
    assert "cluster: 2 workers at local" in capsys.readouterr().err
    assert len(inspect(clip.with_name("a.classic.mp4")).pts) == 60
    assert signal.getsignal(signal.SIGTERM) is handler
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ
