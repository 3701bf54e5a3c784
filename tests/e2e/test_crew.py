"""Laps drawn by workers of a crew, here in this process: the film is that of one engine."""

import contextlib
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.cli import run
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError, LivecartoonError
from livecartoon.jobs.cluster.crew import WorkerCrew, WorkerLostError
from livecartoon.jobs.cluster.forecast import finished_s, forecast
from livecartoon.jobs.cluster.library import Library, Overall
from livecartoon.jobs.cluster.messages import Closed, Message, Parcel, Task
from livecartoon.jobs.cluster.worker import Worker
from livecartoon.jobs.convert import Batch
from livecartoon.jobs.hooks import Progress, make_stylizer
from livecartoon.jobs.lapwork import CancelledError
from livecartoon.jobs.report import FileReport
from livecartoon.jobs.settings import ConvertSettings
from tests.drawing import ClipPlan, write_clip
from tests.laps import PLANS, SHORT, assert_same_film, convert

OPTIONS = EngineOptions(style="classic", temporal="blend", device="cpu")
SECOND = replace(SHORT, segment_s=Fraction(1))


class Here(Worker):
    """A worker of this process; may be lost after so many messages, or lack the driver's disk."""

    def __init__(self, number: int, *, lost_after: int = -1, is_far: bool = False) -> None:
        super().__init__(f"test-{threading.get_native_id()}-{number}", threads=1)
        self._own = self._own / str(number)  # all have one process id
        self._own.mkdir(exist_ok=True)
        self.host = f"host-{number}"
        self.taken = 0
        self._left, self._is_far = lost_after, is_far

    def has(self, parcel: Parcel) -> bool:
        far = replace(parcel, path=Path("/nowhere") / parcel.path.name)
        return super().has(far if self._is_far else parcel)

    def take(self, parcel: Parcel, content: bytes, *, is_first: bool, is_last: bool) -> None:
        self.taken += len(content)
        super().take(parcel, content, is_first=is_first, is_last=is_last)

    def draw(self, task: Task) -> Iterator[Message]:
        for message in super().draw(task):
            if self._left == 0:
                raise WorkerLostError("somebody pulled the plug")
            self._left -= 1
            yield message


@contextlib.contextmanager
def crew_of(*workers: Here, hire: Callable[[], Here | None] = lambda: None) -> Iterator[WorkerCrew]:
    told: list[str] = []
    crew = WorkerCrew(list(workers), hire, lambda code, text: told.append(f"{code} {text}"))
    crew.told = told  # type: ignore[attr-defined]  # for the assertions
    try:
        yield crew
    finally:
        for worker in workers:
            worker.close()


def library(
    crew: WorkerCrew, sources: list[Path], folder: Path, settings: ConvertSettings = SECOND
) -> list[FileReport]:
    folder.mkdir(exist_ok=True)
    batch = Batch(sources, folder / "{stem}.mkv", OPTIONS, settings)
    return Library(batch, crew).convert()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["b-frames.mp4", "vfr.mp4", "slides.mkv"])
def test_film_when_drawn_by_a_crew_then_is_the_serial_one(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    serial = tmp_path / "serial.mkv"
    convert(clip, serial, SECOND, make_stylizer, OPTIONS)
    with crew_of(Here(0), Here(1, is_far=True)) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
    assert report.status == "done"
    assert report.engine is not None
    assert report.output is not None
    assert_same_film(serial, report.output)


def test_far_worker_when_lent_then_gets_the_film_sent_once(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    far = Here(0, is_far=True)
    with crew_of(far) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
    assert report.frames_out == 60
    assert far.taken == clip.stat().st_size


@pytest.mark.slow
def test_worker_when_lost_then_costs_only_its_segment(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=120, key_frames=20))
    convert(clip, tmp_path / "serial.mkv", SECOND, make_stylizer, OPTIONS)
    with crew_of(Here(0, lost_after=3), Here(1), hire=lambda: None) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
        assert crew.size == 1
        assert [text[:4] for text in crew.told] == ["W510"]  # type: ignore[attr-defined]
    assert report.output is not None
    assert_same_film(tmp_path / "serial.mkv", report.output)


def test_segment_when_it_costs_three_workers_then_ends_the_film(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    hired = (Here(n, lost_after=0) for n in range(1, 9))
    with crew_of(Here(0, lost_after=0), hire=lambda: next(hired)) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
    assert report.error is not None
    assert (report.status, report.error.code) == ("failed", "E510")
    assert len(crew.told) == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", ["open", "take"])
def test_worker_when_lost_before_the_film_is_begun_then_another_begins_it(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    lost = Here(0, is_far=True)
    monkeypatch.setattr(lost, call, unplugged)
    with crew_of(lost, Here(1)) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
        assert crew.size == 1
    assert (report.status, report.error) == ("done", None)


def unplugged(*_: object, **__: object) -> None:
    raise WorkerLostError("somebody pulled the plug")


def test_engine_when_it_costs_three_workers_then_ends_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Here, "open", unplugged)
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    with crew_of(*(Here(n) for n in range(5))) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
        assert crew.size == 2
    assert report.error is not None
    assert (report.error.code, report.error.remedies) == (
        "E510",
        ("run the same command again",),
    )


def test_crew_when_nobody_is_left_then_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    with crew_of(Here(0, lost_after=0)) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
    assert report.error is not None
    assert "no worker" in report.error.message


def test_user_when_leaving_then_finds_what_was_drawn(tmp_path: Path) -> None:
    # Eight pieces: what may wait to be told holds two of them, so the last are never drawn.
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=200, key_frames=25))

    class Interrupting(Here):
        def draw(self, task: Task) -> Iterator[Message]:
            for message in super().draw(task):
                yield message
                if isinstance(message, Closed) and message.segment.index == 1:
                    crew.halt.stop(is_left=True)

    with crew_of(Interrupting(0)) as crew, pytest.raises(CancelledError):
        library(crew, [clip], tmp_path / "crew")
    assert (tmp_path / "crew" / "a.mkv.livecartoon" / "journal.jsonl").is_file()
    with crew_of(Here(0)) as crew:
        (report,) = library(crew, [clip], tmp_path / "crew")
    assert (report.status, report.frames_out) == ("done", 200)
    assert report.resumed_from_frame >= 50


@pytest.mark.slow
def test_library_when_drawn_by_a_crew_then_has_the_films_of_a_batch(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    clips = [
        write_clip(tmp_path / "in" / f"{n}.mp4", ClipPlan(frames=6 + n, rotation=90 * (n % 2)))
        for n in range(3)
    ]
    broken = tmp_path / "in" / "broken.mp4"
    broken.write_bytes(b"no film")
    with crew_of(Here(0), Here(1)) as crew:
        reports = library(crew, [*clips[:2], broken, *clips[2:]], tmp_path / "crew")
    states = [report.status for report in reports]
    assert states == ["done", "done", "failed", "done"]
    for n, clip in enumerate(clips):
        convert(clip, tmp_path / f"{n}.mkv", SECOND, make_stylizer, OPTIONS)
        assert_same_film(tmp_path / f"{n}.mkv", tmp_path / f"crew/{n}.mkv")


def test_plan_when_made_on_a_crew_then_tells_when_films_are_drawn(tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{n}.mp4", ClipPlan(frames=30)) for n in range(3)]
    settings = replace(SECOND, dry_run=True)
    batch = Batch(clips, tmp_path, OPTIONS, settings)
    with crew_of(Here(0)) as crew:
        reports = Library(batch, crew).convert()
        forecast(batch, reports, crew)
    told = [report.predicted_seconds for report in reports]
    assert None not in told
    assert 0 < told[0] < told[1] < told[2]  # type: ignore[operator]
    assert not any(path.suffix == ".livecartoon" for path in tmp_path.iterdir())


def test_schedule_when_reckoned_then_gives_laps_to_who_is_free() -> None:
    assert finished_s([[10, 10, 10], [5]], [1.0, 2.0]) == [10.0, 15.0]
    assert finished_s([[10, 10, 10], [5]], [1.0, 1.0]) == [20.0, 15.0]


def test_progress_of_all_when_lengths_are_unknown_then_goes_by_size(tmp_path: Path) -> None:
    for name, size in (("a", 300), ("b", 100)):
        (tmp_path / name).write_bytes(bytes(size))
    told: list[Progress] = []
    overall = Overall([tmp_path / "a", tmp_path / "b"], told.append)
    overall.update(0, Progress(15, 30, 1.0))
    assert (told[-1].frame, told[-1].frames) == (15, 40)  # 3/8 of the bytes
    overall.update(0, Progress(30, 30, 2.0))
    overall.finish(0)
    overall.update(1, Progress(10, 10, 3.0))
    assert (told[-1].frame, told[-1].frames, told[-1].seconds) == (40, 40, 3.0)


def test_error_when_sent_then_keeps_code_and_remedies() -> None:
    sent = pickle.loads(pickle.dumps(EngineError("E510", "gone", "again", "or not")))
    assert isinstance(sent, LivecartoonError)
    assert (type(sent), sent.code, sent.message) == (EngineError, "E510", "gone")
    assert sent.remedies == ("again", "or not")


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--workers", "2"], "E202"),
        (["--cluster", "local", "--jobs", "2"], "E202"),
        (["--cluster", "local", "-o", "-"], "E202"),
        (["--cluster", "ray://somewhere:10001"], "E201"),
        (["--cluster", "127.0.0.1:1"], "E509"),
    ],
)
def test_cluster_when_asked_for_what_cannot_be_then_says_it_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], code: str
) -> None:
    pytest.importorskip("ray")
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    assert run(["convert", str(clip), "-s", "classic", *flags]) == int(code[1])
    (line,) = [text for text in capsys.readouterr().err.splitlines() if "error" in text]
    assert f"error[{code}]" in line


def test_cluster_when_ray_is_missing_then_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    clip = write_clip(tmp_path / "a.mp4", ClipPlan())
    assert run(["convert", str(clip), "-s", "classic", "--cluster", "local"]) == 5
    told = capsys.readouterr().err
    assert "error[E503]" in told
    assert "livecartoon[cluster]" in told
