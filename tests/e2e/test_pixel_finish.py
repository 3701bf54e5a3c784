"""The pixel-art finish from the command line: whole cells of few colours come out."""

from pathlib import Path

import numpy as np
import pytest

from livecartoon.cli import run
from livecartoon.config import EngineOptions, SnapOptions, SnapPlan
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.jobs.image import convert_images
from livecartoon.sinks.pictures import encode_picture
from livecartoon.sources.file import FileSource
from livecartoon.sources.pictures import read_picture
from tests.drawing import ClipPlan, drawn_photo, write_clip

CLASSIC = ["-s", "classic", "--backend", "torch"]


def colours_of(pixels):
    return np.unique(pixels.reshape(-1, 3), axis=0)


@pytest.mark.slow
def test_convert_with_snap_then_every_frame_has_the_same_grid_and_palette(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(width=192, height=128, frames=12))
    output = tmp_path / "out.mkv"
    words = ["convert", str(clip), "-o", str(output), "-c", "ffv1", "--pix-fmt", "yuv444p"]
    words += [*CLASSIC, "--snap", "--cell", "8", "--colors", "6"]
    assert run(words) == 0
    with FileSource(output, exact_colour=True) as film:
        frames = [frame.pixels for frame in film]
    assert len(frames) == 12
    assert len(colours_of(np.stack(frames))) <= 6
    for frame in frames:
        assert (frame == frame[::8, ::8].repeat(8, 0).repeat(8, 1)).all()


@pytest.mark.slow
def test_image_with_snap_then_is_pixel_art(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_photo(160, 96)))
    output = tmp_path / "out.png"
    words = ["image", str(photo), "-o", str(output), *CLASSIC, "--snap", "--cell", "8"]
    assert run(words) == 0
    pixels = read_picture(output).pixels
    assert (pixels == pixels[::8, ::8].repeat(8, 0).repeat(8, 1)).all()
    assert 2 < len(colours_of(pixels)) <= 16


@pytest.mark.slow
def test_cam_with_snap_then_runs(tmp_path: Path) -> None:
    words = ["cam", "--camera", "pattern:", "--size", "320x180", "--no-show", "--sink", "null"]
    assert run([*words, *CLASSIC, "--snap", "--frames", "20"]) == 0


def test_snap_option_without_snap_then_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_photo(32, 32)))
    assert run(["image", str(photo), "--vote-margin", "0.3"]) == 2
    said = capsys.readouterr().err
    assert "--vote-margin" in said
    assert "--snap" in said


@pytest.mark.parametrize("value", ["1", "x", "-4", "300", "٤"])
def test_snap_with_a_bad_cell_then_says_so(
    tmp_path: Path, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(encode_picture(photo, drawn_photo(32, 32)))
    assert run(["image", str(photo), "--snap", f"--cell={value}"]) == 2
    assert "E201" in capsys.readouterr().err


def test_convert_file_then_plans_once_from_frames_without_the_filter(tmp_path: Path) -> None:
    from contextlib import nullcontext

    clip = write_clip(tmp_path / "clip.mp4", ClipPlan(frames=12))
    asked: list[EngineOptions] = []

    def make(info, options):  # type: ignore[no-untyped-def]
        asked.append(options)
        return nullcontext(lambda frame: frame)

    options = EngineOptions(style="identity", snap=SnapOptions(cell=8))
    convert_file(clip, tmp_path / "o.mkv", options, ConvertSettings(), make_stylize=make)
    looking, drawing = asked
    assert looking.snap is None
    assert looking.temporal == "off"
    assert drawing.snap is not None
    assert isinstance(drawing.snap.plan, SnapPlan)
    assert drawing.snap.plan.cell == 8
    assert 2 <= len(drawing.snap.plan.colors) <= 16


def test_images_with_a_finish_then_each_has_its_own_palette(tmp_path: Path) -> None:
    from livecartoon.jobs.hooks import make_stylizer

    photo = drawn_photo(96, 64)
    for name, pixels in (("a", photo), ("b", 255 - photo)):
        path = tmp_path / f"{name}.png"
        path.write_bytes(encode_picture(path, pixels))
    options = EngineOptions(style="classic", backend="torch", snap=SnapOptions(cell=8))
    reports = convert_images(
        sorted(tmp_path.iterdir()), tmp_path, options, make_stylize=make_stylizer
    )
    first, second = (colours_of(read_picture(r.output).pixels) for r in reports if r.output)
    assert first.tolist() != second.tolist()
