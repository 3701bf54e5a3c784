import errno
import resource
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livecartoon.errors import OutputError, UsageError
from livecartoon.frame import Frame, Pixels
from livecartoon.sinks.beside import Beside
from livecartoon.sinks.encoder import EncoderSettings, encoder_options
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import Colour, VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from livecartoon.sources.tracks import Tracks
from tests.drawing import ClipPlan, moving_picture, write_clip

LOSSLESS = EncoderSettings(crf=0)
FAST = EncoderSettings(preset="ultrafast")


def info_of(pixels: Pixels, **changes: object) -> VideoInfo:
    height, width, _ = pixels.shape
    fields: dict[str, object] = {"time_base": Fraction(1, 25), "rate": Fraction(25)}
    return VideoInfo(width, height, **{**fields, **changes})  # type: ignore[arg-type]


def write_all(sink: FileSink, frames: list[Frame]) -> None:
    for frame in frames:
        sink.write(frame)


def write(path: Path, frames: list[Frame], info: VideoInfo, settings: EncoderSettings) -> None:
    with FileSink(path, info, settings) as sink:
        write_all(sink, frames)


@pytest.mark.parametrize("suffix", ["mp4", "m4v", "mov", "mkv", "webm"])
def test_file_sink_of_irregular_times_keeps_them(tmp_path: Path, suffix: str) -> None:
    pixels = moving_picture(0, 96, 64)
    pts = (640, 1001, 2002, 5005, 6006)
    base = Fraction(1, 30000)
    frames = [Frame(pixels, value, base, 500) for value in pts]
    path = tmp_path / f"out.{suffix}"
    write(path, frames, info_of(pixels, time_base=base), FAST)
    kept = inspect(path)
    worst = max(abs(a - b * base) for a, b in zip(kept.pts, pts, strict=True))
    assert worst <= (Fraction(1, 2000) if suffix in ("mkv", "webm") else 0)
    if suffix not in ("mkv", "webm"):
        assert kept.end_s == pytest.approx(6506 / 30000)


def test_file_sink_of_regular_times_keeps_them_in_avi(tmp_path: Path) -> None:
    pixels = moving_picture(0, 96, 64)
    settings = EncoderSettings(codec="mpeg4")
    frames = [Frame(pixels, index, Fraction(1, 25), 1) for index in range(5)]
    write(tmp_path / "out.avi", frames, info_of(pixels), settings)
    assert inspect(tmp_path / "out.avi").pts == tuple(Fraction(n, 25) for n in range(5))


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("is_full", [False, True])
def test_file_sink_of_any_colour_comes_back_within_two_codes(
    tmp_path: Path, matrix: str, is_full: bool
) -> None:
    pixels = np.zeros((48, 96, 3), np.uint8)
    for index, patch in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)]):
        pixels[:, 24 * index : 24 * index + 24] = patch
    primaries = {"bt601": 6, "bt709": 1, "bt2020": 9}[matrix]
    colour = Colour(matrix, is_full, primaries, 1)  # type: ignore[arg-type]
    path = tmp_path / "out.mp4"
    write(path, [Frame(pixels, 0, Fraction(1, 25))], info_of(pixels, colour=colour), LOSSLESS)
    with FileSource(path, exact_colour=True) as source:
        back = next(iter(source)).pixels.astype(int)
        assert source.info.colour == colour
    middles = back[24, 12::24]  # chroma of the borders is shared
    assert np.abs(middles - pixels[24, 12::24]).max() <= 2


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("color_range", [1, 2])
@pytest.mark.parametrize(("is_exact", "luma_db", "chroma_db"), [(False, 45, 45), (True, 60, 38)])
def test_file_sink_of_untouched_frames_keeps_every_plane(
    tmp_path: Path, matrix: int, color_range: int, is_exact: bool, luma_db: int, chroma_db: int
) -> None:
    plan = ClipPlan(frames=3, colour=(matrix, color_range, 1, 1), sound=())
    clip = write_clip(tmp_path / "in.mp4", plan)
    with (
        FileSource(clip, exact_colour=is_exact) as source,
        FileSink(tmp_path / "out.mp4", source.info, LOSSLESS) as sink,
    ):
        for frame in source:
            sink.write(frame)
    error = planes(clip) - planes(tmp_path / "out.mp4")
    decibels = [
        10 * np.log10(255**2 / max(1e-9, float(np.mean(part**2))))
        for part in (error[:64], error[64:80], error[80:])
    ]
    assert decibels[0] >= luma_db
    assert min(decibels[1:]) >= chroma_db


def planes(path: Path) -> NDArray[np.float64]:
    import av

    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="yuv420p").astype(np.float64)


@pytest.mark.parametrize(
    ("dither", "is_full", "least", "most"),
    [(False, False, 0.4, 0.5), (True, False, 0, 0.14), (True, True, 0, 0)],
)
def test_file_sink_of_flat_fills_keeps_their_mean_by_dithering(
    tmp_path: Path, dither: bool, is_full: bool, least: float, most: float
) -> None:
    greys = np.arange(60, 124, dtype=np.uint8)  # 64 fills of 8 x 8
    pixels = greys.reshape(8, 8).repeat(8, 0).repeat(8, 1)[..., None].repeat(3, 2)
    info = info_of(np.ascontiguousarray(pixels), colour=Colour("bt709", is_full))
    settings = replace(LOSSLESS, codec="ffv1", dither=dither)
    write(tmp_path / "out.mkv", [Frame(pixels, 0, Fraction(1, 25))], info, settings)
    luma = planes(tmp_path / "out.mkv")[:64].reshape(8, 8, 8, 8)
    wanted = greys.reshape(8, 8) * (1 if is_full else 219 / 255) + (0 if is_full else 16)
    error = np.abs(luma.mean((1, 3)) - wanted).max()
    assert least <= error <= most
    assert np.ptp(luma, axis=(1, 3)).max() == (1 if dither and not is_full else 0)


def test_file_sink_of_an_odd_size_doubles_a_column_and_a_row(tmp_path: Path) -> None:
    pixels = moving_picture(0, 95, 63)
    with FileSink(tmp_path / "out.mp4", info_of(pixels), FAST) as sink:
        sink.write(Frame(pixels, 0, Fraction(1, 25)))
        assert sink.padded == (1, 1)
    assert (inspect(tmp_path / "out.mp4").width, inspect(tmp_path / "out.mp4").height) == (96, 64)
    settings = EncoderSettings(preset="ultrafast", pix_fmt="yuv444p")
    write(tmp_path / "444.mp4", [Frame(pixels, 0, Fraction(1, 25))], info_of(pixels), settings)
    assert (inspect(tmp_path / "444.mp4").width, inspect(tmp_path / "444.mp4").height) == (95, 63)


def test_file_sink_of_the_callers_pixels_leaves_them_alone(tmp_path: Path) -> None:
    pixels = moving_picture(0, 96, 64)
    before = pixels.copy()
    with FileSink(tmp_path / "out.mp4", info_of(pixels), FAST) as sink:
        for index in range(3):
            sink.write(Frame(pixels, index, Fraction(1, 25)))
    assert (pixels == before).all()


@pytest.mark.parametrize(
    ("source", "target", "codec", "is_copy"),
    [
        (("aac", "aac"), "out.mp4", "aac", True),
        (("aac",), "out.mkv", "aac", True),
        (("flac",), "out.mkv", "flac", True),
        (("aac",), "out.webm", "opus", False),
        (("wavpack",), "out.mp4", "aac", False),
        (("libopus",), "out.avi", "mp3", False),
    ],
)
def test_file_sink_of_sound_copies_or_says_that_it_encodes(
    tmp_path: Path, source: tuple[str, ...], target: str, codec: str, is_copy: bool
) -> None:
    clip = write_clip(tmp_path / "in.mkv", ClipPlan(sound=source))
    tracks = Tracks(clip)
    with FileSource(clip) as frames:
        sink = FileSink(tmp_path / target, frames.info, FAST, beside=Beside(rest=tracks))
        with sink:
            for frame in frames:
                sink.write(frame)
    tracks.close()
    before, after = inspect(clip).sound, inspect(tmp_path / target).sound
    assert [track.codec for track in after] == [codec] * len(source)
    assert sink.carrier is not None
    assert all(track.is_copy == is_copy for track in sink.carrier.tracks.values())
    assert (after[0].sha256 == before[0].sha256) == is_copy
    assert abs(after[0].start_s - before[0].start_s) < 0.03
    if target != "out.avi":
        assert after[0].language == before[0].language == "eng"


@pytest.mark.parametrize(
    ("name", "settings", "code"),
    [
        ("out.mp4", EncoderSettings(codec="aac"), "E405"),
        ("out.mp4", EncoderSettings(codec="nothing"), "E405"),
        ("out.mp4", EncoderSettings(extra={"presett": "fast"}), "E405"),
        ("out.mp4", EncoderSettings(extra={"profile": "nonsense"}), "E405"),
        ("out.mp4", EncoderSettings(pix_fmt="nonsense"), "E405"),
        ("out.mp4", EncoderSettings(codec="h264_qsv"), "E405"),
        ("out.webm", EncoderSettings(codec="h264"), "E404"),
        ("nowhere/out.mp4", EncoderSettings(), "E402"),
    ],
)
def test_file_sink_of_what_cannot_work_raises_at_once(
    tmp_path: Path, name: str, settings: EncoderSettings, code: str
) -> None:
    with pytest.raises(OutputError, match=code):
        FileSink(tmp_path / name, info_of(moving_picture(0, 96, 64)), settings)


def test_file_sink_of_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="E201") as caught:
        FileSink(tmp_path / "out.xyz", info_of(moving_picture(0, 96, 64)))
    assert "mkv" in caught.value.remedies[0]


def test_file_sink_on_a_full_disk_raises_e403(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    sink = FileSink(tmp_path / "out.mkv", info_of(noise), EncoderSettings(codec="ffv1"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="E403") as caught:
            write_all(sink, [Frame(noise, index, Fraction(1, 25)) for index in range(60)])
        sink.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno in (errno.EFBIG, errno.ENOSPC)


def test_encoder_options_of_every_preset_are_known_to_the_encoders(tmp_path: Path) -> None:
    pixels = moving_picture(0, 96, 64)
    for codec in ("h264", "hevc", "vp9"):
        for preset in ("ultrafast", "veryfast", "veryslow"):
            settings = EncoderSettings(codec=codec, preset=preset)
            write(
                tmp_path / "o.mkv", [Frame(pixels, 0, Fraction(1, 25))], info_of(pixels), settings
            )
    assert encoder_options("libx264", EncoderSettings())["crf"] == "20"


def test_encoder_settings_out_of_range_raise() -> None:
    with pytest.raises(UsageError):
        EncoderSettings(crf=99)
    with pytest.raises(UsageError):
        EncoderSettings(preset="warp")
