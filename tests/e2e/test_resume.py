"""Runs that are stopped go on where they stopped, and end as if nothing had happened."""

import json
import os
import resource
import shutil
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions, Look
from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.convert import convert_file
from livecartoon.jobs.hooks import Progress
from livecartoon.jobs.unfinished import list_unfinished, notes_dir
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from livecartoon.stylizer import EngineReport
from tests.drawing import write_clip
from tests.laps import (
    OPTIONS,
    PLANS,
    SHORT,
    Echo,
    assert_same_film,
    convert,
    echo,
    pixels_of,
    stopping,
)


def stopped(folder: Path) -> Path:
    """Convert a clip in `folder` to b.mkv up to Ctrl-C after 40 of 60 frames; return the clip."""
    clip = write_clip(folder / "a.mp4", PLANS["plain.mp4"])
    with pytest.raises(KeyboardInterrupt):
        convert(clip, folder / "b.mkv", make=stopping(40))
    return clip


@pytest.mark.parametrize("name", sorted(PLANS))
def test_resume_of_a_stopped_run_ends_as_the_uninterrupted_one(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    whole, resumed = tmp_path / "whole.mkv", tmp_path / "resumed.mkv"
    convert(clip, whole)
    frames = len(inspect(whole).pts)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, resumed, make=stopping(frames * 3 // 4))
    folder = tmp_path / "resumed.mkv.livecartoon"
    assert sorted(p.name for p in folder.iterdir() if p.suffix not in (".mp4",)) == [
        "job.json",
        "journal.jsonl",
    ]
    report = convert(clip, resumed)
    assert report.resumed_from_frame == frames * 3 // 4
    assert report.frames_out == frames == len(inspect(clip).pts)
    assert not folder.exists()
    assert_same_film(whole, resumed)


def test_resume_of_a_stopped_run_is_listed_until_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = stopped(tmp_path)
    (film,) = list_unfinished()
    assert film["output"] == str(tmp_path / "b.mkv")
    assert film["frames"] == 40
    assert film["bytes"] > 0
    convert(clip, tmp_path / "b.mkv")
    assert list_unfinished() == []
    assert not any(notes_dir().iterdir())


def test_resume_of_a_folder_deleted_by_hand_is_listed_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    stopped(tmp_path)
    shutil.rmtree(tmp_path / "b.mkv.livecartoon")
    (notes_dir() / "torn.json").write_text('{"folder":')
    assert list_unfinished() == []
    assert [path.name for path in notes_dir().iterdir()] == ["torn.json"]


def test_resume_of_another_job_refuses_and_names_the_option(tmp_path: Path) -> None:
    clip = stopped(tmp_path)
    for settings, options, name in (
        (replace(SHORT, crf=30), OPTIONS, "--crf"),
        (SHORT, replace(OPTIONS, look=Look(ink=0.5)), "--ink"),
        (SHORT, replace(OPTIONS, temporal="off"), "--temporal"),
    ):
        with pytest.raises(UsageError, match=rf"E202.*{name} ") as caught:
            convert(clip, tmp_path / "b.mkv", settings, options=options)
        assert any("--no-resume" in remedy for remedy in caught.value.remedies)
    os.utime(clip, ns=(0, 0))
    with pytest.raises(UsageError, match="E202"):
        convert(clip, tmp_path / "b.mkv")
    report = convert(clip, tmp_path / "b.mkv", replace(SHORT, resume=False))
    assert (report.status, report.resumed_from_frame) == ("done", 0)
    assert not (tmp_path / "b.mkv.livecartoon").exists()


def test_resume_of_a_run_stopped_again_and_again_loses_no_frame(tmp_path: Path) -> None:
    clip = stopped(tmp_path)
    convert(clip, tmp_path / "whole.mkv")
    for drawn in (20, 24):  # 12 of them the run-up, then the frames of the lap that are there
        with pytest.raises(KeyboardInterrupt):
            convert(clip, tmp_path / "b.mkv", make=stopping(drawn))
    folder = tmp_path / "b.mkv.livecartoon"
    assert [path.name for path in sorted(folder.glob("seg-00003*"))] == [
        "seg-00003-1.mp4",
        "seg-00003-2.mp4",
        "seg-00003.mp4",
    ]
    assert 44 < convert(clip, tmp_path / "b.mkv").resumed_from_frame < 50
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("after", [10, 35])
def test_resume_of_a_stopped_part_at_another_rate_ends_as_the_uninterrupted_one(
    tmp_path: Path, after: int, jobs: int
) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["vfr.mp4"])
    settings = replace(SHORT, fps=Fraction(50), ss=Fraction(1, 5))
    convert(clip, tmp_path / "whole.mkv", settings)
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", settings, stopping(after))
    report = convert(clip, tmp_path / "b.mkv", replace(settings, jobs=jobs))
    assert report.resumed_from_frame == after
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")


def test_resume_tells_what_is_drawn_again(tmp_path: Path) -> None:
    clip = stopped(tmp_path)
    told: list[Progress] = []
    convert_file(clip, tmp_path / "b.mkv", OPTIONS, SHORT, told.append, make_stylize=echo)
    is_again = [step.stage == "redraw" for step in told]
    assert is_again == sorted(is_again, reverse=True)
    assert 12 < sum(is_again) < 40
    assert {step.frame for step in told if step.stage == "redraw"} == {40}


def test_resume_counts_what_is_drawn_again_in_the_time_of_a_stage(tmp_path: Path) -> None:
    class Timed(Echo):
        """Says that each picture takes a second."""

        def __init__(self) -> None:
            super().__init__()
            self.stage_s = {"network": 0.0}

        def __call__(self, frame: Frame) -> Frame:
            self.stage_s["network"] += 1
            return super().__call__(frame)

    clip = stopped(tmp_path)
    report = convert(clip, tmp_path / "b.mkv", make=lambda info, options: nullcontext(Timed()))
    assert report.resumed_from_frame == 40
    assert 600 < report.stage_ms["network"] <= 1000  # not all that is read is drawn


def test_resume_with_other_streams_wanted_goes_on(tmp_path: Path) -> None:
    clip = stopped(tmp_path)
    report = convert(clip, tmp_path / "b.mkv", replace(SHORT, audio="none", jobs=2))
    assert report.resumed_from_frame > 0
    assert inspect(tmp_path / "b.mkv").sound == ()


@pytest.mark.parametrize("harm", ["piece", "line", "missing", "stranger"])
def test_resume_of_a_damaged_folder_does_the_damaged_laps_again(tmp_path: Path, harm: str) -> None:
    clip = stopped(tmp_path)
    convert(clip, tmp_path / "whole.mkv")
    folder = tmp_path / "b.mkv.livecartoon"
    first = folder / "seg-00000.mp4"
    if harm == "piece":
        first.write_bytes(first.read_bytes()[:-9])
    elif harm == "missing":
        first.unlink()
    elif harm == "line":
        journal = folder / "journal.jsonl"
        journal.write_text(journal.read_text()[:-30])
    else:
        (folder / "seg-00077.mp4").write_bytes(b"noise")
    assert convert(clip, tmp_path / "b.mkv").status == "done"
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")


def test_resume_of_a_file_whose_index_misleads_reads_it_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = stopped(tmp_path)
    convert(clip, tmp_path / "whole.mkv")
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[-1]["pts"][-2] += 1  # as if the source had told another time before
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert convert(clip, tmp_path / "b.mkv").frames_out == 60
    assert pixels_of(tmp_path / "whole.mkv") == pixels_of(tmp_path / "b.mkv")


def test_convert_on_a_full_disk_saves_its_pieces_and_goes_on_later(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(PLANS["plain.mp4"], width=192, height=128))
    convert(clip, tmp_path / "whole.mkv")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = (tmp_path / "whole.mkv").stat().st_size // 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"E403.*saved"):
            convert(clip, tmp_path / "b.mkv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "b.mkv").exists()
    report = convert(clip, tmp_path / "b.mkv")
    assert report.resumed_from_frame > 0
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")


class Engine:
    """Makes echoes that say what they draw with, and interrupts one of them."""

    def __init__(self, weights: str, after: int = 1000) -> None:
        self.weights, self.after = weights, after
        self.asked: list[EngineOptions] = []

    def __call__(self, info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        self.asked.append(options)
        made = stopping(self.after)(info, options)
        backend = "openvino" if options.backend == "auto" else options.backend
        precision = "fp32" if options.precision == "auto" else options.precision
        made.enter_result.report = EngineReport(
            "cpu", "cpu", backend, precision, "small", (96, 64), None, 0.0, None, self.weights
        )
        return made


def test_resume_draws_with_the_engine_of_the_first_pieces(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=Engine("one", after=40))
    with pytest.raises(UsageError, match=r"E202.*--style \(classic, weights one"):
        convert(clip, tmp_path / "b.mkv", make=Engine("two"))
    again = Engine("one")
    assert convert(clip, tmp_path / "b.mkv", make=again).resumed_from_frame > 0
    (asked,) = again.asked
    assert (asked.device, asked.backend, asked.precision) == ("cpu", "openvino", "fp32")


def test_convert_side_by_side_gives_all_workers_one_engine(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    make = Engine("one")
    convert(clip, tmp_path / "b.mkv", replace(SHORT, jobs=2), make)
    first, *workers = make.asked
    assert first.backend == "auto"
    assert [worker.backend for worker in workers] == ["openvino"] * 2
