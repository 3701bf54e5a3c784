import os
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import InputError, PartialError
from livecartoon.sources.colour import output_colour, resolve_matrix, resolve_range
from livecartoon.sources.file import FileSource
from livecartoon.sources.hdr import compress, tone_map
from livecartoon.sources.prepare import upright_filters
from livecartoon.sources.timeline import Timeline
from tests.drawing import ClipPlan, cut_off, damage, moving_picture, write_clip


def test_timeline_of_sound_stamps_changes_nothing() -> None:
    timeline = Timeline(100)
    assert [timeline(pts) for pts in (5, 6, 300)] == [5, 6, 300]
    assert timeline.repaired == 0


def test_timeline_of_missing_equal_and_backward_stamps_repairs_and_counts() -> None:
    timeline = Timeline(100)
    assert [timeline(pts) for pts in (None, 0, 100, None, 90, 400)] == [0, 50, 100, 200, 250, 400]
    assert timeline.repaired == 4


@pytest.mark.parametrize(
    ("stated", "side", "expected"), [(2, 719, 6), (2, 720, 1), (5, 1080, 5), (0, 100, 6), (9, 1, 9)]
)
def test_matrix_when_untagged_goes_by_the_shorter_side(
    stated: int, side: int, expected: int
) -> None:
    assert resolve_matrix(stated, side, 4 * side) == expected


@pytest.mark.parametrize(
    ("stated", "pixels", "expected"),
    [(0, "yuvj420p", 2), (1, "yuv420p", 1), (2, "yuv420p", 2), (0, "yuv420p", 1), (1, "gbrp", 2)],
)
def test_range_when_untagged_goes_by_the_pixel_format(
    stated: int, pixels: str, expected: int
) -> None:
    assert resolve_range(stated, pixels) == expected


def test_output_colour_of_untagged_pal_keeps_its_primaries() -> None:
    colour = output_colour(5, 1, 2, 2)
    assert (colour.matrix, colour.primaries, colour.transfer) == ("bt601", 5, 6)


@pytest.mark.parametrize(
    ("matrix", "picture"),
    [
        ((65536, 0, 0, 65536), [[1, 2], [3, 4]]),
        ((0, 65536, -65536, 0), [[3, 1], [4, 2]]),
        ((0, -65536, 65536, 0), [[2, 4], [1, 3]]),
        ((-65536, 0, 0, -65536), [[4, 3], [2, 1]]),
        ((-65536, 0, 0, 65536), [[2, 1], [4, 3]]),
        ((65536, 0, 0, -65536), [[3, 4], [1, 2]]),
        ((0, 65536, 65536, 0), [[1, 3], [2, 4]]),
        ((0, -65536, -65536, 0), [[4, 2], [3, 1]]),
    ],
)
def test_upright_filters_of_each_matrix_turn_the_picture(
    matrix: tuple[int, int, int, int], picture: list[list[int]]
) -> None:
    import av

    from livecartoon.sources.prepare import FilterChain

    frame = av.VideoFrame.from_ndarray(np.array([[1, 2], [3, 4]], np.uint8), format="gray")
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    filters = upright_filters(matrix)
    assert filters is not None
    turned = next(FilterChain(frame, filters)(frame)) if filters else frame
    assert turned.to_ndarray().tolist() == picture


def test_upright_filters_of_an_odd_angle_are_none() -> None:
    assert upright_filters((46341, 46341, -46341, 46341)) is None


def test_compress_is_monotonic_and_ends_at_one() -> None:
    light = np.linspace(0, 1000 / 203, 500, dtype=np.float32)
    out = compress(light)
    assert (np.diff(out) > 0).all()
    assert out[-1] == pytest.approx(1.0, abs=1e-4)
    assert compress(np.float32([0.3]))[0] == np.float32(0.3)


def test_tone_map_of_grey_pq_stays_grey_and_white_lands_high() -> None:
    codes = np.repeat(np.array([[[0], [38055], [49271]]], np.uint16), 3, axis=2)  # 0, 203, 1000 nit
    out = tone_map(codes, 16)
    assert np.ptp(out, axis=2).max() <= 1
    assert out[0, 0, 0] == 0
    assert 200 < out[0, 1, 0] < 250
    assert out[0, 2, 0] >= 254


def test_file_source_of_a_variable_rate_clip_keeps_its_times(tmp_path: Path) -> None:
    pts = (0, 1001, 2002, 5005, 6006)
    clip = write_clip(tmp_path / "vfr.mp4", ClipPlan(pts=pts, ticks=30000))
    with FileSource(clip) as source:
        frames = list(source)
        assert source.info.time_base == Fraction(1, 30000)
    assert tuple(frame.pts for frame in frames) == pts
    assert [frame.duration for frame in frames[:4]] == [1001, 1001, 3003, 1001]
    assert source.problem is None


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("color_range", [1, 2])
def test_file_source_of_tagged_colour_gives_the_drawn_pixels(
    tmp_path: Path, matrix: int, color_range: int
) -> None:
    plan = ClipPlan(
        pix_fmt="yuv444p", frames=2, colour=(matrix, color_range, 1, 1), options=(("qp", "0"),)
    )
    clip = write_clip(tmp_path / "colour.mp4", plan)
    with FileSource(clip, exact_colour=True) as source:
        pixels = next(iter(source)).pixels
    difference = np.abs(pixels.astype(int) - moving_picture(0, plan.width, plan.height))
    assert difference.max() <= 2
    assert source.info.colour.is_full_range == (color_range == 2)


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_file_source_of_a_rotated_clip_gives_upright_pixels(tmp_path: Path, rotation: int) -> None:
    clip = write_clip(tmp_path / "turned.mov", ClipPlan(rotation=rotation, aspect=Fraction(4, 3)))
    with FileSource(clip) as source:
        frame = next(iter(source))
    expected = np.rot90(moving_picture(0, 96, 64), rotation // 90)
    assert (source.info.height, source.info.width, 3) == frame.pixels.shape == expected.shape
    assert np.abs(frame.pixels.astype(int) - expected).mean() < 8
    turned = rotation != 180
    assert source.info.sample_aspect_ratio == (Fraction(3, 4) if turned else Fraction(4, 3))


def test_file_source_of_a_cut_off_clip_reports_the_loss(tmp_path: Path) -> None:
    plan = ClipPlan(frames=100, sound=())
    clip = cut_off(write_clip(tmp_path / "cut.mkv", plan), 0.5)
    with FileSource(clip) as source:
        frames = list(source)
    assert 0 < len(frames) < 90
    assert isinstance(source.problem, PartialError | InputError)


def test_file_source_of_a_broken_packet_stops_or_repeats(tmp_path: Path) -> None:
    plan = ClipPlan(frames=24, codec="ffv1", options=(("slicecrc", "1"),), sound=())
    clip = damage(write_clip(tmp_path / "broken.mkv", plan), 0.001, start=0.5)
    with FileSource(clip, on_error="repeat") as source:
        assert [frame.pts for frame in source] == [40 * index for index in range(24)]


def test_file_source_without_video_raises_e303(tmp_path: Path) -> None:
    import av

    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        track = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(track.encode(frame))
    with pytest.raises(InputError, match="E303"):
        FileSource(path)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.mp4", b"", "E302"),
        ("text.mp4", b"hello " * 100, "E302"),
        ("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n", "E302"),
        ("join.mp4", b"ffconcat version 1.0\nfile other.mp4\n", "E302"),
    ],
)
def test_file_source_of_what_is_no_media_raises(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    write_clip(tmp_path / "other.mp4")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=code):
        FileSource(tmp_path / name)


@pytest.mark.parametrize("name", ["a:b.mp4", "%03d.mp4", "-x.mp4", "ünï 漢.mp4", "concat:x|y.mp4"])
@pytest.mark.skipif(os.name == "nt", reason="Windows does not allow such names")
def test_file_source_of_a_strange_name_opens_it(tmp_path: Path, name: str) -> None:
    write_clip(tmp_path / "plain.mp4").rename(tmp_path / name)
    with FileSource(tmp_path / name) as source:
        assert source.info.width == 96


def test_file_source_of_a_missing_file_or_folder_raises_e301(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="E301"):
        FileSource(tmp_path / "nothing.mp4")
    with pytest.raises(InputError, match="E30"):
        FileSource(tmp_path)


@pytest.mark.parametrize(("width", "height"), [(20000, 10), (10, 20000), (16000, 16000)])
def test_file_source_of_an_enormous_picture_raises_before_decoding(
    tmp_path: Path, width: int, height: int
) -> None:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = struct.pack(">I", len(header)) + b"IHDR" + header
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    data = struct.pack(">I", 10) + b"IDAT" + zlib.compress(b"\0" * 99)[:10].ljust(10) + b"\0" * 4
    (tmp_path / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body + crc + data)
    with pytest.raises(InputError, match="E304"):
        FileSource(tmp_path / "huge.png")


def test_file_source_of_hdr_refuses_when_told_to(tmp_path: Path) -> None:
    plan = ClipPlan(colour=(9, 1, 9, 16), pix_fmt="yuv420p10le", frames=2, sound=())
    clip = write_clip(tmp_path / "hdr.mp4", plan)
    with pytest.raises(InputError, match="E305"):
        FileSource(clip, hdr="refuse")
    with FileSource(clip) as source:
        assert len(list(source)) == 2
        assert source.info.colour.matrix == "bt709"
        assert any("HDR" in text for text in source.info.warnings)


def write_woven(path: Path) -> Path:
    """Encode a disc that leaps, two moments woven into each picture."""
    import av

    with av.open(str(path), "w") as container:
        options = {"x264-params": "tff=1", "crf": "1", "preset": "ultrafast"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(10):
            woven = moving_picture(4 * index, 96, 64).copy()
            woven[1::2] = moving_picture(4 * index + 2, 96, 64)[1::2]
            frame = av.VideoFrame.from_ndarray(woven)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("deinterlace", "said"), [(True, "de-interlaced to the same"), (False, "stay woven")]
)
def test_file_source_of_an_interlaced_film_combs_or_leaves_it(
    tmp_path: Path, deinterlace: bool, said: str
) -> None:
    with FileSource(write_woven(tmp_path / "a.mp4"), deinterlace=deinterlace) as source:
        frames = list(source)
        (warning,) = source.info.warnings
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(n, 25) for n in range(10)]
    assert said in warning
    rows = np.stack([frame.pixels for frame in frames]).astype(float)
    teeth = np.abs(rows[:, 1:-1] - (rows[:, :-2] + rows[:, 2:]) / 2).mean()
    assert (teeth < 4) == deinterlace
