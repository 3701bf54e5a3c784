"""Whole conversions with an engine that changes nothing: all but the pixels is ours to keep."""

from dataclasses import replace
from pathlib import Path

import pytest

from livecartoon.jobs.convert import convert_file
from livecartoon.sources.probe import inspect
from tests.converting import FAST, OPTIONS, convert, differences, identity
from tests.drawing import ClipPlan, write_clip
from tests.everything import write_everything

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


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_convert_of_a_slanted_clip_leaves_the_turn_to_the_player(
    tmp_path: Path, suffix: str
) -> None:
    clip = write_clip(tmp_path / "a.mov", ClipPlan(rotation=30))
    report = convert(clip, tmp_path / f"b.{suffix}")
    made = inspect(tmp_path / f"b.{suffix}")
    assert (made.width, made.height, made.rotation) == (96, 64, inspect(clip).rotation)
    assert made.rotation in (29, 30)  # cut to whole degrees
    assert "its rotation, by no right angle, is left to the player" in report.warnings
    assert differences(report) == []


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
    left = {"audio": "none", "subs": "none", "chapters": False}
    report = convert(everything, tmp_path / "out.mkv", **left)
    kept = inspect(tmp_path / "out.mkv")
    assert (kept.sound, kept.chapters) == ((), ())
    assert [stream.type for stream in kept.streams] == ["video", "attachment", "video"]
    reasons = [dropped["reason"] for dropped in report.streams_dropped]
    assert sorted(reasons) == ["--audio none"] * 2 + ["--subs none"] * 2


@pytest.mark.parametrize(("choice", "codec"), [("aac", "aac"), ("opus", "opus")])
def test_convert_told_to_encode_sound_does(tmp_path: Path, choice: str, codec: str) -> None:
    clip = write_clip(tmp_path / "a.mkv", ClipPlan(sound=("flac",)))
    report = convert(clip, tmp_path / "b.mkv", audio=choice)
    assert [track.codec for track in inspect(tmp_path / "b.mkv").sound] == [codec]
    assert [kept["action"] for kept in report.streams_kept] == ["encode", "encode"]


def test_convert_without_sound_says_so(tmp_path: Path) -> None:
    report = convert(write_clip(tmp_path / "a.mp4"), audio="none")
    assert report.output is not None
    assert inspect(report.output).sound == ()
    assert [dropped["type"] for dropped in report.streams_dropped] == ["audio"]


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
    assert {step.stage for step in progress} <= {"decode", "stylize", "encode"}


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
    bare = convert(tmp_path / "t.mkv", tmp_path / "c.mp4", metadata=False)
    with av.open(str(bare.output)) as made:
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
