"""The flags of `convert` that choose a part, a size, a rate, an encoder or a pipe."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.report import FileReport
from livecartoon.size import parse_size
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, write_clip
from tests.everything import write_everything

FAST = ConvertSettings(preset="ultrafast", crf=4)
LOSSLESS = ConvertSettings(codec="ffv1", pix_fmt="bgr0")
VFR = ClipPlan(pts=(6400, 6900, 7400, 9000, 9100, 12000, 15000), key_frames=3)


def identity(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: frame)


def negative(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: replace(frame, pixels=255 - frame.pixels))


def convert(
    source: Path,
    output: Path,
    make: Callable[..., nullcontext] = identity,  # type: ignore[type-arg]
    base: ConvertSettings = FAST,
    **changes: object,
) -> FileReport:
    settings = replace(base, **changes)  # type: ignore[arg-type]
    options = EngineOptions(style="identity")
    return convert_file(source, output, options, settings, make_stylize=make)


def frames_of(path: Path) -> list[Frame]:
    with FileSource(path) as source:
        return list(source)


def difference(one: Frame, other: Frame) -> float:
    return float(np.abs(one.pixels.astype(int) - other.pixels).mean())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"ss": Fraction(1, 10)}, range(3, 25)),
        ({"ss": Fraction(1, 10), "to": Fraction(1, 2)}, range(3, 13)),
        ({"ss": Fraction(1, 10), "duration": Fraction(2, 5)}, range(3, 13)),
        ({"to": Fraction(2, 25)}, range(2)),
        ({"ss": Fraction(24, 25)}, range(24, 25)),
    ],
)
def test_convert_of_a_part_takes_exactly_its_frames(
    tmp_path: Path, changes: dict[str, object], wanted: range
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=25, key_frames=10))
    report = convert(clip, tmp_path / "b.mkv", base=LOSSLESS, **changes)
    source, made = frames_of(clip), frames_of(tmp_path / "b.mkv")
    assert report.frames_out == len(made) == len(wanted)
    for place, frame in zip(wanted, made, strict=True):
        assert (frame.pixels == source[place].pixels).all()
    zero = changes.get("ss", Fraction(0))
    expected = [float(source[place].seconds - float(zero)) for place in wanted]  # type: ignore[arg-type]
    assert [frame.seconds for frame in made] == pytest.approx(expected, abs=0.0006)


def test_convert_of_a_part_cuts_sound_text_and_chapters_with_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", ClipPlan(frames=12, sound=("aac",)))
    everything = write_everything(tmp_path / "a.mkv", clip)
    convert(everything, tmp_path / "b.mkv", ss=Fraction(1, 10), to=Fraction(3, 10))
    made = inspect(tmp_path / "b.mkv")
    assert 0 <= made.sound[0].start_s < 0.022
    texts = [stream.texts for stream in made.streams if stream.type == "subtitle"]
    assert texts == [((0.0, "Line 0"), (0.1, "Line 1"))] * 2
    assert [(round(a, 3), round(b, 3), name) for a, b, name in made.chapters] == [
        (0.0, 0.1, "One"),
        (0.1, 0.2, "Zwei ä"),
    ]


def test_convert_of_a_part_of_a_late_start_counts_as_players_do(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(VFR, sound=()))
    with FileSource(clip) as source:
        clock_s = source.clock_s
    report = convert(clip, tmp_path / "b.mp4", ss=Fraction(2600, 12800))
    left = [pts for pts in VFR.pts or () if Fraction(pts, 12800) - clock_s >= Fraction(2600, 12800)]
    assert report.frames_out == len(left)


@pytest.mark.parametrize(
    "changes",
    [
        {"ss": Fraction(90)},
        {"ss": Fraction(2), "to": Fraction(1)},
        {"duration": Fraction(0)},
        {"to": Fraction(1), "duration": Fraction(1)},
        {"crf": 20, "bitrate": 10**6},
    ],
)
def test_convert_of_an_impossible_part_is_a_usage_error(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    with pytest.raises(UsageError, match=r"E20[23]"):
        convert(clip, tmp_path / "b.mp4", **changes)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(25), Fraction(60), Fraction(30000, 1001)])
def test_convert_at_another_rate_shows_the_nearest_frame(tmp_path: Path, rate: Fraction) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(VFR, sound=()))
    convert(clip, tmp_path / "b.mov", fps=rate)
    source, made = frames_of(clip), inspect(tmp_path / "b.mov").pts
    start = made[0]
    assert start == Fraction(6400, 12800)
    assert all(pts == start + n / rate for n, pts in enumerate(made))
    end_s = source[-1].seconds + source[-1].duration * float(source[-1].time_base)
    assert abs(float(made[-1] + 1 / rate) - end_s) <= 1 / rate
    for frame in frames_of(tmp_path / "b.mov"):
        shown = min(source, key=lambda each: difference(each, frame))
        nearest = min(abs(each.seconds - frame.seconds) for each in source)
        assert abs(shown.seconds - frame.seconds) <= nearest + 1e-6


@pytest.mark.parametrize("jobs", [1, 2])
def test_convert_at_another_rate_in_pieces_is_the_same(tmp_path: Path, jobs: int) -> None:
    slides = ClipPlan(pts=tuple(9000 * n for n in range(6)), sound=())
    clip = write_clip(tmp_path / "a.mp4", slides)
    convert(clip, tmp_path / "one.mkv", base=LOSSLESS, fps=Fraction(20))
    cut = {"fps": Fraction(20), "segment_s": Fraction(1, 3), "jobs": jobs}
    convert(clip, tmp_path / "many.mkv", base=LOSSLESS, **cut)
    assert inspect(tmp_path / "one.mkv").pts == inspect(tmp_path / "many.mkv").pts
    one, many = frames_of(tmp_path / "one.mkv"), frames_of(tmp_path / "many.mkv")
    assert all((a.pixels == b.pixels).all() for a, b in zip(one, many, strict=True))


@pytest.mark.parametrize(
    ("text", "size", "aspect"),
    [
        ("192x128", (192, 128), None),
        ("48x48", (48, 48), Fraction(3, 2)),
        ("240p", (360, 240), None),
    ],
)
def test_convert_to_another_size_keeps_the_shape(
    tmp_path: Path, text: str, size: tuple[int, int], aspect: Fraction | None
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    report = convert(clip, tmp_path / "b.mp4", size=parse_size(text))
    made = inspect(tmp_path / "b.mp4")
    assert (made.width, made.height) == report.size == size
    assert made.sample_aspect_ratio in ((aspect,) if aspect else (None, 1))


@pytest.mark.parametrize(
    ("compare", "size"), [("h", (192, 64)), ("v", (96, 128)), ("wipe", (96, 64))]
)
def test_convert_with_a_comparison_shows_both(
    tmp_path: Path, compare: str, size: tuple[int, int]
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=30))
    convert(clip, tmp_path / "b.mkv", negative, base=LOSSLESS, compare=compare)
    made, source = frames_of(tmp_path / "b.mkv")[25], frames_of(clip)[25]
    assert (made.width, made.height) == size
    first, last = made.pixels[:8, :8], made.pixels[-8:, -8:]
    assert (first == source.pixels[:8, :8]).all()
    assert (last == 255 - source.pixels[-8:, -8:]).all()


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


def test_convert_by_a_decoder_that_is_not_there_says_so(tmp_path: Path) -> None:
    from livecartoon.stylizer import has_cuda_driver

    if has_cuda_driver():
        pytest.skip("there is a CUDA decoder here")
    with pytest.raises(InputError, match="E306"):
        convert(write_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4", decode="cuda")


@pytest.mark.parametrize(
    "name",
    ["a:b", "concat:x|y", "%03d", "-x", "subfile,,start,0,end,9,,:a", "ä ö\n\x1b[31mred", "{stem}"],
)
def test_convert_of_a_hostile_name_treats_it_as_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = Path(f"{name}.mp4")
    write_clip(tmp_path / "plain.mp4").replace(tmp_path / clip)
    report = convert(clip, Path(f"{name.replace('{', '(')}.out.mkv"))
    assert report.status == "done"
    assert report.output is not None
    assert inspect(report.output).pts == inspect(clip).pts


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nplain.mp4\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile plain.mp4\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
)
def test_convert_of_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path, content: str) -> None:
    write_clip(tmp_path / "plain.mp4")
    (tmp_path / "list.mp4").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="E302"):
        convert(tmp_path / "list.mp4", tmp_path / "b.mp4")


def test_convert_of_a_file_that_changes_meanwhile_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")

    def touching(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        with clip.open("ab") as file:
            file.write(b"more")
        return identity(info, options)

    with pytest.raises(InputError, match="E306"):
        convert(clip, tmp_path / "b.mp4", touching)
    assert not (tmp_path / "b.mp4").exists()
