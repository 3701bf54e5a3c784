"""How conversions end that do not go through: in part, with nothing, or before they begin."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, OutputError, PartialError, UsageError
from livecartoon.jobs.convert import convert_many
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.converting import FAST, OPTIONS, convert, failing, identity
from tests.drawing import ClipPlan, cut_off, write_clip


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


@pytest.mark.parametrize("after", [0, 5])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OutputError("E403", "disk full")])
def test_convert_that_fails_half_way_leaves_nothing_but_what_a_stop_saved(
    tmp_path: Path, error: BaseException, after: int
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    target = tmp_path / "b.mp4"
    target.write_bytes(b"the old film")
    with pytest.raises(type(error)):
        convert(clip, target, failing(error, after), overwrite=True)
    assert target.read_bytes() == b"the old film"
    saved = ["b.mp4.livecartoon"] if isinstance(error, KeyboardInterrupt) and after else []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4", *saved]


def test_convert_to_an_existing_file_refuses_skips_or_overwrites(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    target = tmp_path / "b.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(OutputError, match="E401"):
        convert(clip, target)
    assert convert(clip, target, skip_existing=True).status == "skipped"
    assert target.read_bytes() == b"mine"
    assert convert(clip, target, overwrite=True).status == "done"


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


def test_convert_of_a_file_that_changes_meanwhile_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")

    def touching(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        with clip.open("ab") as file:
            file.write(b"more")
        return identity(info, options)

    with pytest.raises(InputError, match="E306"):
        convert(clip, tmp_path / "b.mp4", touching)
    assert not (tmp_path / "b.mp4").exists()


def test_convert_by_a_decoder_that_is_not_there_says_so(tmp_path: Path) -> None:
    from livecartoon.backends.driver import has_cuda_driver

    if has_cuda_driver():
        pytest.skip("there is a CUDA decoder here")
    with pytest.raises(InputError, match="E306"):
        convert(write_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4", decode="cuda")
