"""The comparison of a film with its source sees what it is there to see."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.conformance import compare, convert_all
from tests.converting import convert
from tests.drawing import ClipPlan, write_clip


@pytest.mark.parametrize(
    ("source", "suffix", "coding"),
    [
        ("libx264", "mp4", ("h264", "yuv420p, Main")),
        ("libx264", "webm", ("vp9", "yuv420p, Profile 0")),
        ("ffv1", "mkv", ("ffv1", "yuv420p, None")),
        ("ffv1", "mov", ("h264", "yuv420p, Main")),
    ],
)
def test_conformance_of_a_plain_conversion_finds_the_promised_coding(
    tmp_path: Path, source: str, suffix: str, coding: tuple[str, str]
) -> None:
    options = (("preset", "ultrafast"),) if source == "libx264" else ()
    clip = write_clip(tmp_path / "a.mkv", ClipPlan(codec=source, options=options))
    ((_, status, rows),) = convert_all([clip], suffix)
    found = {row.what: row.output for row in rows}
    assert (found["video codec"], found["pixel format, profile"]) == coding
    assert (status, [row for row in rows if not row.is_same]) == ("done", [])


def test_conformance_of_another_coding_than_promised_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    for codec, pix_fmt, wrong in (
        ("hevc", "yuv420p", ["video codec"]),
        ("h264", "yuv444p", ["pixel format, profile"]),
        ("h264", "yuv420p10le", ["pixel format, profile"]),
    ):
        convert(clip, tmp_path / "b.mp4", codec=codec, pix_fmt=pix_fmt, overwrite=True)
        rows = compare(clip, tmp_path / "b.mp4", is_plain=True)
        assert [row.what for row in rows if not row.is_same] == wrong
        assert all(row.is_same for row in compare(clip, tmp_path / "b.mp4"))


def test_conformance_when_called_tells_kept_from_lost(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    mute = write_clip(tmp_path / "b.mp4", ClipPlan(sound=()))
    kept = CliRunner().invoke(main, ["conformance", str(clip)])
    assert (kept.exit_code, kept.output[:2]) == (0, "ok")
    lost = CliRunner().invoke(main, ["conformance", "--pair", str(clip), str(mute)])
    assert (lost.exit_code, lost.output[:4]) == (1, "LOST")
    assert "sound tracks" in lost.output
