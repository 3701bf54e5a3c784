"""What `convert` writes: codecs, encoder options, animations, pipes and plans."""

import io
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.config import EngineOptions, Look
from livecartoon.errors import OutputError
from livecartoon.jobs.convert import convert_file
from livecartoon.size import parse_size
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.converting import FAST, LOSSLESS, OPTIONS, VFR, convert, frames_of, identity
from tests.drawing import ClipPlan, write_clip
from tests.everything import write_everything


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_convert_to_an_animation_keeps_frames_and_times(tmp_path: Path, suffix: str) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(VFR, sound=("aac",)))
    report = convert(clip, tmp_path / f"b.{suffix}")
    assert (report.status, report.frames_out) == ("done", 7)
    assert [dropped["type"] for dropped in report.streams_dropped] == ["audio"]
    content = (tmp_path / f"b.{suffix}").read_bytes()
    if suffix == "webp":
        assert (content[:4], content.count(b"ANMF")) == (b"RIFF", 7)
        return
    made = frames_of(tmp_path / "b.gif")
    wanted = [(pts - 6400) / 12800 for pts in VFR.pts or ()]
    assert [frame.seconds for frame in made] == pytest.approx(wanted, abs=0.011)
    assert float(np.abs(made[0].pixels.astype(int) - frames_of(clip)[0].pixels).mean()) < 12


@pytest.mark.parametrize(
    ("codec", "suffix", "pix_fmt"),
    [
        ("h264", "mp4", "yuv420p10le"),
        ("hevc", "mp4", "yuv420p10le"),
        ("hevc", "mkv", "yuv420p"),
        ("av1", "mp4", "yuv420p"),
        ("vp9", "mp4", "yuv420p"),
        ("ffv1", "mkv", "yuv444p10le"),
        ("prores", "mov", "yuv422p10le"),
        ("mjpeg", "mov", "yuvj420p"),
    ],
)
def test_convert_with_any_codec_writes_what_was_asked_for(
    tmp_path: Path, codec: str, suffix: str, pix_fmt: str
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=20))
    typed = None if codec in ("prores", "mjpeg") else pix_fmt
    cut = {"codec": codec, "crf": None, "pix_fmt": typed, "segment_s": Fraction(2, 5)}
    report = convert(clip, tmp_path / f"b.{suffix}", **cut)
    made = inspect(tmp_path / f"b.{suffix}")
    assert report.segments == 2
    assert made.pix_fmt.replace("yuvj", "yuv") == pix_fmt.replace("yuvj", "yuv")
    assert made.pts == inspect(clip).pts
    assert made.colour[0] in (5, 6)
    if (codec, suffix) == ("hevc", "mp4"):
        assert b"hvc1" in (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "ffv1"), ("avi", "ffv1"), ("mp4", "h264")])
def test_convert_of_a_lossless_source_stays_so_where_it_can(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    clip = write_clip(tmp_path / "a.mkv", ClipPlan(codec="ffv1", options=()))
    convert(clip, tmp_path / f"b.{suffix}")
    assert inspect(tmp_path / f"b.{suffix}").codec == codec


@pytest.mark.parametrize(("strength", "is_dithered"), [(0.0, False), (1.0, True)])
def test_convert_of_a_grey_film_dithers_what_was_drawn_only(
    tmp_path: Path, strength: float, is_dithered: bool
) -> None:
    import av

    def grey(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        return nullcontext(lambda frame: replace(frame, pixels=np.full_like(frame.pixels, 61)))

    clip = write_clip(tmp_path / "a.mp4")
    options = replace(OPTIONS, look=Look(strength=strength))
    settings = replace(LOSSLESS, pix_fmt="yuv420p", size=parse_size("64x64"))
    convert_file(clip, tmp_path / "b.mkv", options, settings, make_stylize=grey)
    with av.open(str(tmp_path / "b.mkv")) as made:
        luma = next(made.decode(video=0)).to_ndarray()[:64]
    assert np.ptp(luma) == is_dithered


@pytest.mark.parametrize(
    "extra",
    [
        (("presett", "fast"),),
        (("x264-params", "keyintt=3"),),
        (("x264-params", "keyint=abc"),),
    ],
)
def test_convert_with_a_misspelt_encoder_option_fails_before_any_work(
    tmp_path: Path, extra: tuple[tuple[str, str], ...]
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    with pytest.raises(OutputError, match="E405"):
        convert(clip, tmp_path / "b.mp4", encoder_options=extra)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_convert_by_bit_rate_follows_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(320, 240, frames=50, sound=()))
    small = convert(clip, tmp_path / "b.mp4", crf=None, bitrate=40_000)
    large = convert(clip, tmp_path / "c.mp4", crf=None, bitrate=400_000)
    assert small.bytes_out < large.bytes_out


def test_convert_as_a_dry_run_tells_and_touches_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(sound=("aac", "aac")))
    everything = write_everything(tmp_path / "e.mkv", clip)
    settings = replace(FAST, dry_run=True)
    options = EngineOptions(style="classic")
    report = convert_file(everything, tmp_path / "b.mp4", options, settings)
    assert (report.status, report.frames_out) == ("planned", 0)
    assert report.engine is not None
    assert len(report.streams_kept) == 7
    assert len(report.streams_dropped) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "e.mkv"]


class Pipe:
    """What a pipe is like from the inside: it takes bytes and cannot go back."""

    def __init__(self, limit: int | None = None) -> None:
        self.content = io.BytesIO()
        self._limit = limit

    def write(self, data: bytes) -> int:
        if self._limit is not None and self.content.tell() > self._limit:
            raise BrokenPipeError
        return self.content.write(data)


def test_convert_into_a_pipe_writes_matroska_with_everything(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(sound=("aac",)))
    pipe = Pipe()
    options = EngineOptions(style="identity")
    report = convert_file(clip, None, options, FAST, make_stylize=identity, stdout=pipe)  # type: ignore[arg-type]
    assert report.status == "done"
    (tmp_path / "b.mkv").write_bytes(pipe.content.getvalue())
    made = inspect(tmp_path / "b.mkv")
    assert made.pts == inspect(clip).pts
    assert made.sound[0].sha256 == inspect(clip).sound[0].sha256


def test_convert_into_a_pipe_nobody_reads_ends_at_once(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(320, 240, frames=60))
    options = EngineOptions(style="identity")
    with pytest.raises(BrokenPipeError):
        convert_file(
            clip,
            None,
            options,
            LOSSLESS,
            make_stylize=identity,
            stdout=Pipe(50_000),  # type: ignore[arg-type]
        )
