"""How far looks lie from each other, by the function and by the command."""

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.drawing import drawn_photo
from trainer.__main__ import main
from trainer.metrics.apart import colour_distance


def grey(level):
    return np.full((96, 96, 3), level, np.uint8)


def test_distance_of_black_and_white_then_the_whole_range_of_lightness():
    assert colour_distance(grey(0), grey(255)) == pytest.approx(100, abs=0.1)
    assert colour_distance(grey(90), grey(90)) == 0


def test_distance_of_two_textures_of_one_mean_then_nothing_at_a_glance():
    board = np.indices((192, 192)).sum(0) % 2 * 255
    fine = np.repeat(board.astype(np.uint8)[..., None], 3, 2)
    assert colour_distance(fine, 255 - fine) < 1


def test_apart_of_two_folders_then_a_row_each_and_lines_counted(tmp_path):
    for name in ("photos", "drawn", "pale"):
        (tmp_path / name).mkdir()
    for index in range(2):
        photo = drawn_photo(128 + 8 * index, 128)
        drawn = photo.copy()
        drawn[::12] = 0
        pictures = {"photos": photo, "drawn": drawn, "pale": 255 - (255 - photo) // 4}
        for name, picture in pictures.items():
            cv2.imwrite(str(tmp_path / name / f"p{index}.png"), picture[..., ::-1])
    words = [f"{name}={tmp_path / name}" for name in ("drawn", "pale")]
    result = CliRunner().invoke(main, ["apart", *words, "--photos", str(tmp_path / "photos")])
    assert result.exit_code == 0, result.output
    head, _, *rows = (line.split("|")[1:-1] for line in result.output.splitlines())
    heads = [cell.strip() for cell in head]
    table = {row[0].strip(): dict(zip(heads, row, strict=True)) for row in rows}
    assert list(table) == ["photo", "drawn", "pale"]
    assert table["drawn"]["to pale"] == table["pale"]["to drawn"] != " - "
    assert float(table["drawn"]["dark line"]) > float(table["photo"]["dark line"])
    assert float(table["pale"]["chroma"]) < float(table["photo"]["chroma"])
