import struct
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, LivecartoonError, OutputError, UsageError
from livecartoon.frame import Frame
from livecartoon.jobs.image import ImageSettings, convert_images
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.pictures import read_picture
from tests.drawing import moving_picture

OPTIONS = EngineOptions(style="identity")


def identity(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: frame)


def inverted(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
    return nullcontext(lambda frame: replace(frame, pixels=255 - frame.pixels))


def drawn(path: Path, alpha: bool = False) -> Path:
    picture = moving_picture(2, 96, 64)
    opacity = np.full((64, 96), 100, np.uint8) if alpha else None
    path.write_bytes(encode_picture(path, picture, opacity))
    return path


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"])
def test_convert_images_of_each_format_keeps_it(tmp_path: Path, suffix: str) -> None:
    source = drawn(tmp_path / f"a.{suffix}")
    (report,) = convert_images([source], None, OPTIONS, make_stylize=inverted)
    assert report.status == "done"
    assert report.output == tmp_path / f"a.identity.{suffix}"
    back = read_picture(report.output).pixels.astype(int)
    assert np.abs(back - (255 - moving_picture(2, 96, 64))).mean() < 6


@pytest.mark.parametrize(
    ("suffix", "keeps"), [("png", True), ("tiff", True), ("webp", True), ("jpg", False)]
)
def test_convert_images_of_transparency_keeps_it_or_says_so(
    tmp_path: Path, suffix: str, keeps: bool
) -> None:
    source = drawn(tmp_path / "a.png", alpha=True)
    target = tmp_path / f"out.{suffix}"
    (report,) = convert_images([source], target, OPTIONS, make_stylize=identity)
    alpha = read_picture(target).alpha
    assert (alpha is not None and bool((alpha == 100).all())) == keeps
    assert bool(report.warnings) != keeps


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda p: p),
        (2, lambda p: p[:, ::-1]),
        (3, lambda p: p[::-1, ::-1]),
        (4, lambda p: p[::-1]),
        (5, lambda p: p.transpose(1, 0, 2)),
        (6, lambda p: np.rot90(p, -1)),
        (7, lambda p: p[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda p: np.rot90(p, 1)),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_read_picture_of_each_exif_orientation_is_upright(
    tmp_path: Path, orientation: int, turn: object, order: str
) -> None:
    plain = encode_picture(Path("a.jpg"), moving_picture(2, 96, 64), quality=100)
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 1)
    tiff += struct.pack(order + "HHIHHI", 0x0112, 3, 1, orientation, 0, 0)
    segment = b"Exif\0\0" + tiff
    marked = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + plain[2:]
    (tmp_path / "a.jpg").write_bytes(marked)
    expected = turn(moving_picture(2, 96, 64))  # type: ignore[operator]
    picture = read_picture(tmp_path / "a.jpg")
    pixels = picture.pixels
    assert [text.split()[0] for text in picture.warnings] == ["EXIF"]
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < 4


def test_read_picture_with_a_colour_profile_says_that_it_is_not_applied(tmp_path: Path) -> None:
    plain = encode_picture(Path("a.jpg"), moving_picture(2, 96, 64), quality=100)
    segment = b"ICC_PROFILE\0\1\1" + bytes(128)
    marked = plain[:2] + b"\xff\xe2" + struct.pack(">H", len(segment) + 2) + segment + plain[2:]
    (tmp_path / "a.jpg").write_bytes(marked)
    assert "colour profile" in read_picture(tmp_path / "a.jpg").warnings[0]


def test_read_picture_of_sixteen_bits_notes_it(tmp_path: Path) -> None:
    import av

    frame = av.VideoFrame.from_ndarray(np.full((8, 8, 3), 40000, np.uint16), format="rgb48le")
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt = 8, 8, "rgb48be"  # type: ignore[attr-defined]
    context.time_base = 1  # type: ignore[assignment]
    packets = [*context.encode(frame.reformat(format="rgb48be")), *context.encode(None)]  # type: ignore[attr-defined]
    (tmp_path / "a.png").write_bytes(b"".join(bytes(packet) for packet in packets))
    picture = read_picture(tmp_path / "a.png")
    assert picture.warnings
    assert abs(int(picture.pixels[0, 0, 0]) - 156) <= 1


def test_convert_images_of_a_failing_one_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    sources = [tmp_path / "bad.png", drawn(tmp_path / "good.png")]
    reports = convert_images(sources, None, OPTIONS, make_stylize=identity)
    assert [report.status for report in reports] == ["failed", "done"]
    assert isinstance(reports[0].error, InputError)


def test_convert_images_of_existing_output_refuses_skips_or_overwrites(tmp_path: Path) -> None:
    source = drawn(tmp_path / "a.png")
    target = tmp_path / "b.png"
    target.write_bytes(b"mine")

    def run(**settings: bool) -> tuple[str, LivecartoonError | None]:
        made = ImageSettings(**settings)  # type: ignore[arg-type]
        (report,) = convert_images([source], target, OPTIONS, made, make_stylize=identity)
        return report.status, report.error

    status, error = run()
    assert status == "failed"
    assert isinstance(error, OutputError)
    assert error.code == "E401"
    assert run(skip_existing=True)[0] == "skipped"
    assert target.read_bytes() == b"mine"
    assert run(overwrite=True)[0] == "done"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_convert_images_by_a_template_makes_its_folders(tmp_path: Path) -> None:
    sources = [drawn(tmp_path / name) for name in ("a.png", "{b}.png")]
    template = tmp_path / "out" / "{n}" / "{stem}.png"
    reports = convert_images(sources, template, OPTIONS, make_stylize=identity)
    assert [report.error for report in reports] == [None, None]
    assert (tmp_path / "out" / "1" / "a.png").is_file()
    assert (tmp_path / "out" / "2" / "{b}.png").is_file()


def test_convert_images_to_one_name_raises_before_any_work(tmp_path: Path) -> None:
    sources = [drawn(tmp_path / "a.png"), drawn(tmp_path / "b.png")]
    with pytest.raises(UsageError, match="E202"):
        convert_images(sources, tmp_path / "c.png", OPTIONS, make_stylize=identity)


def test_convert_images_gives_still_options_to_the_engine(tmp_path: Path) -> None:
    seen = []

    def make(info: VideoInfo, options: EngineOptions) -> nullcontext:  # type: ignore[type-arg]
        seen.append(options.temporal)

        def stylize(frame: Frame) -> Frame:
            return frame

        return nullcontext(stylize)

    convert_images([drawn(tmp_path / "a.png")], None, OPTIONS, make_stylize=make)
    assert seen == ["off"]
