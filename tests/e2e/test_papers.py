"""Weights files of the papers' generators through the installed commands."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from livecartoon import cli
from tests.drawing import ClipPlan, drawn_photo, write_clip, write_paper
from trainer.__main__ import main as trainer_main

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


def run(*arguments: object) -> None:
    assert cli.run([str(argument) for argument in arguments]) == 0


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "width", "height"), [("animegan2-lite-tiny", 64, 50), ("cartoonloss-tiny", 95, 63)]
)
def test_convert_when_the_style_is_a_papers_file_then_every_frame_is_drawn(
    name: str, width: int, height: int, tmp_path: Path
) -> None:
    style = write_paper(tmp_path / f"{name}.safetensors", name)
    clip = write_clip(
        tmp_path / "clip.mp4", ClipPlan(width=width, height=height, pix_fmt="yuv444p", frames=5)
    )
    output = tmp_path / "out.mkv"
    run("convert", clip, "-o", output, "--style", style, "--threads", 1, "--preset", "ultrafast")
    drawn, source = decoded(output), decoded(clip)
    even = (height + height % 2, width + width % 2, 3)  # 4:2:0 repeats the last row and column
    assert [frame.shape for frame in drawn] == [even] * 5
    assert np.abs(drawn[2][:height, :width].astype(int) - source[2]).mean() > 4


def test_image_when_the_size_is_reduced_then_the_large_picture_is_drawn(tmp_path: Path) -> None:
    style = write_paper(tmp_path / "drawn.safetensors", "whitebox-tiny")
    photo, output = tmp_path / "photo.png", tmp_path / "out.png"
    cv2.imwrite(str(photo), drawn_photo(161, 119))
    run("image", photo, "-o", output, "--style", style, "--infer-size", "80x60", "--threads", 1)
    drawn = cv2.imread(str(output))
    assert drawn.shape == (119, 161, 3)
    assert np.abs(drawn.astype(int) - cv2.imread(str(photo))).mean() > 4


def test_cam_when_the_style_is_a_papers_file_then_shows_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style = write_paper(tmp_path / "drawn.safetensors", "pixelcyclegan-tiny")
    run(
        *("cam", "--camera", "pattern:", "--no-show", "--sink", "null", "--frames", 3),
        *("--size", "160x96", "--style", style, "--threads", 1, "--json"),
    )
    frames = json.loads(capsys.readouterr().out)["frames"]
    assert frames["processed"] + frames["skipped_static"] == 3


def test_import_cartoongan_when_run_then_reports_parity_and_the_file_converts(
    shared_data: Path, tmp_path: Path
) -> None:
    weights = shared_data / "teachers" / "cartoongan_shinkai_fp16.npz"
    output = tmp_path / "released.safetensors"
    done = CliRunner().invoke(
        trainer_main,
        ["import-cartoongan", str(weights), "-o", str(output), "--license", "research only"],
    )
    assert done.exit_code == 0, done.output
    decibels = [float(line.split()[-2]) for line in done.output.splitlines() if "dB" in line]
    assert len(decibels) == 10
    assert min(decibels) >= 45
    assert sum(value >= 62 for value in decibels) == 6
    assert "research only" in output.with_suffix(".md").read_text()
    photo, drawn = tmp_path / "photo.png", tmp_path / "drawn.png"
    cv2.imwrite(str(photo), drawn_photo(61, 46))
    run("image", photo, "-o", drawn, "--style", output, "--threads", 1)
    assert cv2.imread(str(drawn)).shape == (46, 61, 3)
