"""Whole conversions with an engine that changes nothing: all but the pixels is ours to keep."""

import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.conformance import compare
from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, LivecartoonError, OutputError, PartialError, UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file, convert_many
from livecartoon.jobs.report import FileReport
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, cut_off, write_clip
from tests.everything import write_everything

FAST = ConvertSettings(preset="ultrafast")
OPTIONS = EngineOptions(style="identity")
MEDIA = {".avi", ".mkv", ".mov", ".mp4", ".mpg", ".webm"}


def identity(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: frame)


def failing(error: BaseException, after: int) -> Callable[..., nullcontext]:  # type: ignore[type-arg]
    seen: list[int] = []

    def stylize(frame: Frame) -> Frame:
        seen.append(frame.pts)
        if len(seen) > after:
            raise error
        return frame

    return lambda info, options: nullcontext(stylize)


def convert(
    source: Path, output: Path | None = None, settings: ConvertSettings = FAST
) -> FileReport:
    return convert_file(source, output, OPTIONS, settings, make_stylize=identity)


def differences(report: FileReport) -> list[str]:
    assert report.output is not None
    rows = compare(report.input, report.output)
    return [f"{row.what}: {row.source} | {row.output}" for row in rows if not row.is_same]


PLANS = {
    "plain.mp4": ClipPlan(),
    "b-frames.mp4": ClipPlan(frames=30, options=(("bf", "3"), ("preset", "medium"))),
    "vfr.mp4": ClipPlan(pts=(300, 1001, 2002, 5005, 6006, 9009), ticks=30000),
    "turned.mov": ClipPlan(rotation=-90),
    "odd.mp4": ClipPlan(width=95, height=63, pix_fmt="yuv444p"),
    "full-range.mp4": ClipPlan(colour=(1, 2, 1, 1)),
    "untagged.mp4": ClipPlan(colour=(2, 0, 2, 2)),
    "two-tracks.mkv": ClipPlan(sound=("aac", "flac")),
    "vp9.webm": ClipPlan(codec="libvpx-vp9", options=(), sound=("libopus",)),
    "ten-bit.mp4": ClipPlan(pix_fmt="yuv420p10le"),
    "silent.mov": ClipPlan(sound=()),
}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_convert_of_a_drawn_clip_keeps_all_but_the_pixels(tmp_path: Path, name: str) -> None:
    clip = write_clip(tmp_path / name, PLANS[name])
    report = convert(clip)
    assert report.status == "done"
    assert report.error is None
    assert differences(report) == []
    assert report.output == tmp_path / f"{clip.stem}.identity{clip.suffix}"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, report.output.name])


@pytest.mark.parametrize("target", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("source", ["mp4", "mov", "mkv", "webm"])
def test_convert_of_a_file_with_everything_keeps_what_the_target_holds(
    tmp_path: Path, source: str, target: str
) -> None:
    plan = ClipPlan(sound=("aac", "aac"))
    if source == "webm":
        plan = replace(plan, codec="libvpx-vp9", options=(), sound=("libopus", "libopus"))
    clip = write_clip(tmp_path / f"clip.{'webm' if source == 'webm' else 'mkv'}", plan)
    everything = write_everything(tmp_path / f"all.{source}", clip)
    report = convert(everything, tmp_path / f"out.{target}")
    assert report.status == "done"
    assert differences(report) == []
    facts = inspect(everything)
    named = len(report.streams_kept) + len(report.streams_dropped)
    assert named == 1 + len(facts.sound) + len(facts.streams)


def test_convert_told_to_leave_things_out_names_them(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(sound=("aac", "aac")))
    everything = write_everything(tmp_path / "all.mkv", clip)
    settings = replace(FAST, audio="none", subs="none", chapters=False)
    report = convert(everything, tmp_path / "out.mkv", settings)
    kept = inspect(tmp_path / "out.mkv")
    assert (kept.sound, kept.chapters) == ((), ())
    assert [stream.type for stream in kept.streams] == ["video", "attachment", "video"]
    reasons = [dropped["reason"] for dropped in report.streams_dropped]
    assert sorted(reasons) == ["--audio none"] * 2 + ["--subs none"] * 2


@pytest.mark.parametrize(("choice", "codec"), [("aac", "aac"), ("opus", "opus")])
def test_convert_told_to_encode_sound_does(tmp_path: Path, choice: str, codec: str) -> None:
    clip = write_clip(tmp_path / "a.mkv", ClipPlan(sound=("flac",)))
    settings = replace(FAST, audio=choice)  # type: ignore[arg-type]  # one of the choices
    report = convert(clip, tmp_path / "b.mkv", settings)
    assert [track.codec for track in inspect(tmp_path / "b.mkv").sound] == [codec]
    assert [kept["action"] for kept in report.streams_kept] == ["encode", "encode"]


def test_convert_reports_what_the_document_needs(tmp_path: Path) -> None:
    plan = ClipPlan(frames=20, sound=("aac", "aac"))
    progress = []
    report = convert_file(
        write_clip(tmp_path / "a.mp4", plan),
        None,
        OPTIONS,
        FAST,
        progress.append,
        make_stylize=identity,
    )
    fields = report.to_json()
    assert (fields["frames_in"], fields["frames_out"]) == (20, 20)
    assert fields["duration"] == pytest.approx(0.8)
    assert fields["size"] == [96, 64]
    assert [kept["action"] for kept in fields["streams_kept"]] == ["encode", "copy", "copy"]
    assert fields["bytes_out"] == (tmp_path / "a.identity.mp4").stat().st_size
    assert {"decode", "encode"} <= fields["stage_ms"].keys()
    assert [step.frame for step in progress] == list(range(1, 21))


def test_convert_of_a_clip_with_a_broken_packet_keeps_a_named_part(tmp_path: Path) -> None:
    plan = ClipPlan(frames=30, codec="ffv1", options=(), sound=())
    clip = cut_off(write_clip(tmp_path / "a.mkv", plan), 0.6)
    report = convert(clip)
    assert report.status == "partial"
    assert report.output == tmp_path / "a.identity.partial.mkv"
    assert isinstance(report.error, PartialError | InputError)
    kept = inspect(report.output)
    assert kept.error is None
    assert len(kept.pts) == report.frames_out > 5
    assert not (tmp_path / "a.identity.mkv").exists()


def test_convert_told_to_repeat_ends_partial_under_the_full_name(
    clips: Path, tmp_path: Path
) -> None:
    (clip,) = clips.rglob("odd_corrupted.mp4")
    report = convert(clip, tmp_path / "b.mp4", replace(FAST, on_error="repeat"))
    assert (report.status, report.frames_out, report.frames_repeated) == ("partial", 50, 1)
    assert report.output == tmp_path / "b.mp4"
    assert report.error is not None
    assert report.error.exit_code == 7
    assert len(inspect(report.output).pts) == 50


@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OutputError("E403", "disk full")])
def test_convert_that_fails_half_way_leaves_nothing(
    tmp_path: Path, error: BaseException, after: int
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    target = tmp_path / "b.mp4"
    target.write_bytes(b"the old film")
    settings = ConvertSettings(preset="ultrafast", overwrite=True)
    with pytest.raises(type(error)):
        convert_file(clip, target, OPTIONS, settings, make_stylize=failing(error, after))
    assert target.read_bytes() == b"the old film"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_convert_to_an_existing_file_refuses_skips_or_overwrites(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    target = tmp_path / "b.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match="E401"):
        convert(clip, target)
    assert convert(clip, target, ConvertSettings(skip_existing=True)).status == "skipped"
    assert target.read_bytes() == b"mine"
    assert convert(clip, target, ConvertSettings(overwrite=True)).status == "done"


def test_convert_of_tags_keeps_them_and_signs(tmp_path: Path) -> None:
    import av

    clip = write_clip(tmp_path / "a.mkv")
    with av.open(str(clip)) as old, av.open(str(tmp_path / "t.mkv"), "w") as new:
        new.metadata["title"] = "Ein Film"
        copies = {s.index: new.add_stream_from_template(s, opaque=True) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None or packet.pts is not None:
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
    report = convert(tmp_path / "t.mkv", tmp_path / "b.mp4")
    with av.open(str(report.output)) as made:
        assert made.metadata["title"] == "Ein Film"
        assert "style=identity" in made.metadata["comment"]
    settings = ConvertSettings(preset="ultrafast", metadata=False)
    with av.open(str(convert(tmp_path / "t.mkv", tmp_path / "c.mp4", settings).output)) as made:
        assert "title" not in made.metadata
        assert "comment" not in made.metadata


@pytest.mark.parametrize(("target", "is_kept"), [("mkv", True), ("mp4", False), ("webm", True)])
def test_convert_of_a_tag_the_target_has_no_room_for_says_so(
    tmp_path: Path, target: str, is_kept: bool
) -> None:
    import av

    clip = write_clip(tmp_path / "a.mkv")
    with av.open(str(clip)) as old, av.open(str(tmp_path / "t.mkv"), "w") as new:
        new.metadata["MOOD"] = "sunny"
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)
    report = convert(tmp_path / "t.mkv", tmp_path / f"b.{target}")
    told = [text for text in report.warnings if "MOOD" in text]
    assert len(told) == (0 if is_kept else 1)
    assert ("MOOD" in inspect(tmp_path / f"b.{target}").tags) == is_kept


def test_convert_of_a_phones_own_tags_keeps_them_in_mov(tmp_path: Path) -> None:
    import av

    clip = write_clip(tmp_path / "a.mov")
    with (
        av.open(str(clip)) as old,
        av.open(
            str(tmp_path / "t.mov"), "w", container_options={"movflags": "use_metadata_tags"}
        ) as new,
    ):
        new.metadata["com.apple.quicktime.make"] = "Nobody"
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)
    convert(tmp_path / "t.mov", tmp_path / "b.mov")
    tags = inspect(tmp_path / "b.mov").tags
    assert tags["com.apple.quicktime.make"] == "Nobody"
    assert "style=identity" in tags["comment"]


def test_convert_without_sound_says_so(tmp_path: Path) -> None:
    settings = ConvertSettings(preset="ultrafast", audio="none")
    report = convert(write_clip(tmp_path / "a.mp4"), None, settings)
    assert report.output is not None
    assert inspect(report.output).sound == ()
    assert [dropped["type"] for dropped in report.streams_dropped] == ["audio"]


def test_convert_many_with_one_bad_file_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no film")
    sources = [write_clip(tmp_path / "1.mp4"), tmp_path / "bad.mp4", write_clip(tmp_path / "2.mp4")]
    made: list[tuple[int, int]] = []

    def make(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        made.append((info.width, info.height))
        return identity(info, options)

    (tmp_path / "out").mkdir()
    reports = convert_many(sources, tmp_path / "out", OPTIONS, FAST, make_stylize=make)
    assert [report.status for report in reports] == ["done", "failed", "done"]
    assert made == [(96, 64)]
    alone = convert(sources[2], tmp_path / "alone.mp4")
    first, second = (Path(str(r.output)).read_bytes() for r in (reports[2], alone))
    assert first == second
    stopped = convert_many(
        sources[1:], tmp_path / "{stem}-x.mp4", OPTIONS, FAST, fail_fast=True, make_stylize=make
    )
    assert len(stopped) == 1


def test_convert_many_into_one_name_or_an_input_raises(tmp_path: Path) -> None:
    sources = [write_clip(tmp_path / "1.mp4"), write_clip(tmp_path / "2.mp4")]
    for output in ("x.mp4", "2.mp4"):
        with pytest.raises(UsageError, match="E20"):
            convert_many(sources, tmp_path / output, OPTIONS, FAST, make_stylize=identity)
    with pytest.raises(UsageError, match="E205"):
        convert_many(sources[:1], sources[0], OPTIONS, FAST, make_stylize=identity)


@pytest.fixture(scope="session")
def clips(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared_data / "videos.tar"
    if not archive.is_file():
        pytest.skip(f"no {archive}")
    folder = tmp_path_factory.mktemp("clips")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


@pytest.mark.slow
def test_convert_of_every_sample_clip_keeps_all_but_the_pixels(clips: Path, tmp_path: Path) -> None:
    wrong: dict[str, object] = {}
    found = sorted(path for path in clips.rglob("*") if path.suffix in MEDIA)
    assert len(found) >= 30
    for clip in found:
        try:
            report = convert(clip, tmp_path)
        except LivecartoonError as error:
            wrong[clip.name] = error
            continue
        unequal = differences(report)
        is_damaged = "corrupted" in clip.name
        if unequal or (report.status == "done") == is_damaged:
            wrong[clip.name] = (report.status, unequal)
    assert wrong == {}


def test_convert_of_the_corrupted_clip_keeps_28_frames(clips: Path, tmp_path: Path) -> None:
    (clip,) = clips.rglob("odd_corrupted.mp4")
    report = convert(clip, tmp_path)
    assert (report.status, report.frames_in, report.frames_out) == ("partial", 50, 28)
    assert report.error is not None
    assert (report.error.code, report.error.exit_code) == ("E306", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["odd_corrupted.identity.partial.mp4"]
