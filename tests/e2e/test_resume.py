"""Runs that are stopped go on where they stopped, and end as if nothing had happened."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions, Look
from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.report import FileReport
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from livecartoon.stylizer import EngineReport
from tests.drawing import ClipPlan, write_clip, write_paper

OPTIONS = EngineOptions(style="classic", temporal="blend")
SHORT = ConvertSettings(preset="ultrafast", codec="ffv1", segment_s=Fraction(1, 2))
IRREGULAR = tuple(512 * n + 37 * (n % 5) for n in range(60))
PLANS = {
    "plain.mp4": ClipPlan(frames=60, key_frames=20),
    "b-frames.mp4": ClipPlan(frames=60, key_frames=25, options=(("bf", "3"), ("preset", "medium"))),
    "vfr.mp4": ClipPlan(pts=IRREGULAR, key_frames=7),
    "late.mp4": ClipPlan(pts=tuple(pts + 6400 for pts in IRREGULAR), key_frames=9),
    "slides.mkv": ClipPlan(pts=tuple(12800 * n for n in range(5)), sound=()),
    "turned.mov": ClipPlan(frames=60, rotation=90),
    "vp9.webm": ClipPlan(frames=60, codec="libvpx-vp9", options=(), sound=("libopus",)),
}


class Echo:
    """A stylizer with a memory: each picture is mixed with the one before."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._mine: list[Frame] = []
        self._next: list[Frame] | None = None

    def fork(self) -> None:
        self._next = []

    def switch(self) -> None:
        self._mine, self._next = self._next or [], None

    def __call__(self, frame: Frame) -> Frame:
        if self._next is not None:
            self._next = [*self._next, frame][-3:]
        self._mine = [*self._mine, frame][-3:]
        parts = [old.pixels // len(self._mine) for old in self._mine]
        return replace(frame, pixels=sum(parts[1:], start=parts[0]))


def echo(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(Echo())


def stopping(after: int) -> Callable[..., nullcontext]:  # type: ignore[type-arg]
    """Echoes, until Ctrl-C after some frames."""
    inner, seen = Echo(), []

    class Stopping(Echo):
        def __call__(self, frame: Frame) -> Frame:
            seen.append(frame.pts)
            if len(seen) > after:
                raise KeyboardInterrupt
            return Echo.__call__(self, frame)

    del inner
    return lambda info, options: nullcontext(Stopping())


def convert(
    source: Path,
    output: Path,
    settings: ConvertSettings = SHORT,
    make: Callable[..., object] = echo,
    options: EngineOptions = OPTIONS,
) -> FileReport:
    return convert_file(source, output, options, settings, make_stylize=make)  # type: ignore[arg-type]


def pixels_of(path: Path) -> list[bytes]:
    with FileSource(path) as source:
        return [frame.pixels.tobytes() for frame in source]


def assert_same_film(one: Path, other: Path) -> None:
    assert inspect(one).pts == inspect(other).pts
    assert inspect(one).end_s == inspect(other).end_s
    assert inspect(one).sound == inspect(other).sound
    assert pixels_of(one) == pixels_of(other)


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
    assert report.resumed_from_frame > 0
    assert report.frames_out == frames == len(inspect(clip).pts)
    assert not folder.exists()
    assert_same_film(whole, resumed)


@pytest.mark.parametrize("name", sorted(PLANS))
@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_convert_in_pieces_keeps_the_times_of_one_piece(
    tmp_path: Path, name: str, target: str
) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    settings = replace(SHORT, codec="auto")
    one, many = tmp_path / f"one.{target}", tmp_path / f"many.{target}"
    convert(clip, one, replace(settings, segment_s=Fraction(100)))
    report = convert(clip, many, settings)
    assert report.segments > 1
    assert inspect(one).pts == inspect(many).pts
    assert inspect(many).end_s == pytest.approx(inspect(one).end_s, abs=0.001)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_convert_side_by_side_gives_the_serial_film(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    settings = replace(SHORT, codec="auto")
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    convert(clip, one, settings)
    convert(clip, two, replace(settings, jobs=2))
    assert one.read_bytes() == two.read_bytes()


def test_convert_of_a_lying_time_base_does_not_count_its_empty_laps(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.avi", ClipPlan(codec="mpeg4", options=(), sound=(), ticks=25))
    content = bytearray(clip.read_bytes())
    scale = content.index(b"vids") + 20  # ticks of a frame; now one lasts a month
    content[scale : scale + 8] = (0x7FFFFFFF).to_bytes(4, "little") + (800).to_bytes(4, "little")
    clip.write_bytes(bytes(content))
    for jobs in (1, 2):
        report = convert(clip, tmp_path / f"{jobs}.mp4", replace(SHORT, codec="auto", jobs=jobs))
        assert report.frames_out == 12
        assert report.segments == 12


def test_resume_of_another_job_refuses_and_names_the_option(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopping(40))
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


def test_resume_with_other_streams_wanted_goes_on(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopping(40))
    report = convert(clip, tmp_path / "b.mkv", replace(SHORT, audio="none", jobs=2))
    assert report.resumed_from_frame > 0
    assert inspect(tmp_path / "b.mkv").sound == ()


@pytest.mark.parametrize("harm", ["piece", "line", "missing", "stranger"])
def test_resume_of_a_damaged_folder_does_the_damaged_laps_again(tmp_path: Path, harm: str) -> None:
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    convert(clip, tmp_path / "whole.mkv")
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopping(45))
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
    clip = write_clip(tmp_path / "a.mp4", PLANS["plain.mp4"])
    convert(clip, tmp_path / "whole.mkv")
    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopping(45))
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


COMMAND = (sys.executable, "-m", "livecartoon", "convert", "-s", "classic", "-c", "ffv1")
KILLS = int(os.environ.get("LIVECARTOON_KILLS", "5"))


@pytest.mark.slow
def test_convert_killed_again_and_again_ends_as_the_uninterrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=250, key_frames=40))
    target, whole = tmp_path / "b.mkv", tmp_path / "whole.mkv"
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    flags = ["--segment", "0.5s", "-q"]
    subprocess.run([*COMMAND, str(clip), "-o", str(whole), *flags], check=True)
    rng = random.Random(5)
    resumed = 0
    for kill in range(KILLS):
        last = kill == KILLS - 1
        saved = lines_of(journal)
        resumed += saved > 0
        run = subprocess.Popen([*COMMAND, str(clip), "-o", str(target), *flags])
        wanted = 99 if last else saved + rng.randint(0, 6)
        while run.poll() is None and lines_of(journal) < wanted:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.1))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert target.exists() or run.returncode
        if target.exists():  # the name appears when all is done, killed right behind it or not
            assert_same_film(whole, target)
            target.unlink()
    assert resumed > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_convert_interrupted_keeps_closed_laps_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=100, key_frames=40))
    target = tmp_path / "b.mkv"
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    command = [*COMMAND, str(clip), "-o", str(target), "--segment", "0.5s"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        while run.poll() is None and lines_of(journal) < 2:
            time.sleep(0.005)
        run.send_signal(number)
        started_s = time.monotonic()
        said = run.communicate()[1]
    assert run.returncode == (130 if number == signal.SIGINT else 143), said
    assert time.monotonic() - started_s < 60  # 5 on an idle machine
    assert "run the same command again" in said
    saved = lines_of(journal)
    assert saved >= 2
    assert not target.exists()
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=True)
    (report,) = json.loads(done.stdout)["files"]
    assert report["resumed_from_frame"] == sum(len(frames) for frames in pieces_of(clip, saved))
    assert inspect(target).pts == inspect(clip).pts


def pieces_of(clip: Path, count: int) -> list[list[Fraction]]:
    """Times of the pictures in the first laps of half a second."""
    times = inspect(clip).pts
    return [[t for t in times if int(2 * t) == lap] for lap in range(count)]


def lines_of(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.mark.slow
def test_convert_on_a_small_file_system_gives_exit_code_4_and_goes_on(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if not shutil.which("mount"):
        pytest.skip("no mount command")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=250))
        command = [*COMMAND, str(clip), "--segment", "0.5s", "-o", str(mount / "b.mkv"), "-q"]
        run = subprocess.Popen(command, stderr=subprocess.PIPE)
        journal = mount / "b.mkv.livecartoon" / "journal.jsonl"
        while run.poll() is None and lines_of(journal) < 3:
            time.sleep(0.005)
        free = shutil.disk_usage(mount).free
        with suppress(OSError):
            (mount / "ballast").write_bytes(bytes(free + (1 << 20)))
        said = run.communicate()[1]
        assert run.returncode == 4, said
        assert said.count(b"error[E403]") == 1
        assert not (mount / "b.mkv").exists()
        (mount / "ballast").unlink()
        subprocess.run(command, check=True)
        assert inspect(mount / "b.mkv").pts == inspect(clip).pts
    finally:
        subprocess.run(["umount", str(mount)], check=False)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [None, Fraction(75)])
def test_convert_with_a_network_that_remembers_is_the_same_in_any_laps(
    tmp_path: Path, rate: Fraction | None
) -> None:
    from livecartoon.jobs.hooks import make_stylizer

    style = write_paper(tmp_path / "clip.safetensors", "cartoongan-tiny", norm="ema-inputs")
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=75, key_frames=30))
    options = replace(OPTIONS, style=str(style), backend="torch", temporal="blend")
    settings = replace(SHORT, segment_s=Fraction(1), fps=rate)
    convert(clip, tmp_path / "whole.mkv", settings, make_stylizer, options)
    beside = replace(settings, jobs=2)
    convert(clip, tmp_path / "two.mkv", beside, make_stylizer, options)
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "two.mkv")
    straight = replace(settings, segment_s=Fraction(100))
    convert(clip, tmp_path / "one.mkv", straight, make_stylizer, options)
    assert pixels_of(tmp_path / "one.mkv") != pixels_of(tmp_path / "whole.mkv")


@pytest.mark.slow
@pytest.mark.parametrize("temporal", ["blend", "flow", "auto"])
def test_resume_with_the_real_filters_gives_the_same_film(tmp_path: Path, temporal: str) -> None:
    from contextlib import contextmanager

    from livecartoon.jobs.hooks import make_stylizer

    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=75, key_frames=30))
    options = replace(OPTIONS, temporal=temporal)  # type: ignore[arg-type]  # one of the names
    convert(clip, tmp_path / "whole.mkv", make=make_stylizer, options=options)
    convert(clip, tmp_path / "two.mkv", replace(SHORT, jobs=2), make_stylizer, options)
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "two.mkv")

    @contextmanager
    def stopped(info: VideoInfo, chosen: EngineOptions):  # type: ignore[no-untyped-def]
        with make_stylizer(info, chosen) as stylizer:
            steady, seen = stylizer.steady, []  # type: ignore[attr-defined]

            def stopping_steady(drawn: object) -> Frame:
                seen.append(drawn)
                if len(seen) > 45:
                    raise KeyboardInterrupt
                return steady(drawn)  # type: ignore[no-any-return]

            stylizer.steady = stopping_steady  # type: ignore[attr-defined]
            yield stylizer

    with pytest.raises(KeyboardInterrupt):
        convert(clip, tmp_path / "b.mkv", make=stopped, options=options)
    report = convert(clip, tmp_path / "b.mkv", make=make_stylizer, options=options)
    assert report.resumed_from_frame > 0
    assert_same_film(tmp_path / "whole.mkv", tmp_path / "b.mkv")
