"""The shared sample clips, converted with an engine that changes nothing."""

import os
import tarfile
from pathlib import Path

import pytest

from livecartoon.errors import LivecartoonError
from livecartoon.sources.probe import inspect
from tests.converting import convert, differences

MEDIA = {".avi", ".mkv", ".mov", ".mp4", ".mpg", ".webm"}
#: Beside the odd ones: full range, a tiny picture, a late start.
ORDINARY = ("cam_asl_sister.mkv", "carphone_qcif.mp4", "dark_stage_startoffset.mp4")
#: The others are plain films, many of them HD: with this set they are converted, too.
WANTS_ALL = bool(os.environ.get("LIVECARTOON_ALL_CLIPS"))


@pytest.fixture(scope="session")
def clips(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared_data / "videos.tar"
    if not archive.is_file():
        pytest.skip(f"no {archive}")
    folder = tmp_path_factory.mktemp("clips")
    with tarfile.open(archive) as packed:
        # Python's releases before 3.11.4 know no filters.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        packed.extractall(folder)
    return folder


def chosen(clips: Path) -> list[Path]:
    found = sorted(path for path in clips.rglob("*") if path.suffix in MEDIA)
    is_odd = [path for path in found if path.name.startswith("odd_") or path.name in ORDINARY]
    assert (len(is_odd), len(found)) == (20, 33)
    return found if WANTS_ALL else is_odd


@pytest.mark.slow
def test_convert_of_sample_clips_keeps_all_but_the_pixels(clips: Path, tmp_path: Path) -> None:
    wrong: dict[str, object] = {}
    for clip in chosen(clips):
        try:
            report = convert(clip, tmp_path, crf=40)
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


def test_convert_told_to_repeat_ends_partial_under_the_full_name(
    clips: Path, tmp_path: Path
) -> None:
    (clip,) = clips.rglob("odd_corrupted.mp4")
    report = convert(clip, tmp_path / "b.mp4", on_error="repeat")
    assert (report.status, report.frames_out, report.frames_repeated) == ("partial", 50, 1)
    assert report.output == tmp_path / "b.mp4"
    assert report.error is not None
    assert report.error.exit_code == 7
    assert len(inspect(report.output).pts) == 50
