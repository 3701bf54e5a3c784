"""The sheet by which styles are judged."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import gallery_columns
from benchmarks.__main__ import main
from benchmarks.gallery import Plan, photo_sheet, video_sheet
from benchmarks.gallery_columns import column_names, draw_targets, target_names
from benchmarks.sheet import GAP, HEAD, cut, save, sheet, stacked
from livecartoon.errors import InputError, OutputError, UsageError
from livecartoon.sources.pictures import read_picture
from tests.drawing import drawn_photo, write_clip, write_student

SMALL = (96, 64)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "garden.png"
    save(path, drawn_photo(128, 96))
    return path


def test_cut_when_a_picture_is_tall_then_more_of_its_top_stays():
    picture = np.zeros((300, 100, 3), np.uint8)
    picture[40:140] = 200
    assert (cut(picture, 100, 100) == 200).all()


def test_sheet_when_stacked_then_every_cell_lies_below_its_head():
    cells = [[np.full((30, 80, 3), 10 * (3 * r + c), np.uint8) for c in range(3)] for r in range(2)]
    drawn = sheet(["a", "b", "c"], cells)
    for row in range(2):
        for column in range(3):
            top, left = HEAD + row * (30 + GAP), GAP + column * (80 + GAP)
            assert (drawn[top : top + 30, left : left + 80] == cells[row][column]).all()
    assert drawn[: HEAD - 2, GAP : GAP + 20].max() > 200
    assert stacked(cells).shape == (60, 240, 3)


def test_sheet_when_rows_have_names_then_only_the_first_cells_carry_them():
    cells = [[np.full((40, 90, 3), 120, np.uint8)] * 2]
    drawn = sheet(["input", "ink"], cells, ["garden"])
    second = drawn[HEAD : HEAD + 40, GAP + 90 + GAP :][:, :90]
    assert (second == 120).all()
    assert drawn[HEAD : HEAD + 40, GAP : GAP + 90].max() > 200


def test_columns_when_nothing_is_wished_then_every_tier_of_every_style():
    names = column_names(())
    assert {"shinkai:nano", "shinkai:small", "classic"} <= set(names)
    assert column_names(("shinkai:nano", "classic")) == ["shinkai:nano", "classic"]
    assert target_names((), ["shinkai:nano", "shinkai:small", "classic"]) == ["shinkai"]
    assert target_names(("none",), ["shinkai:nano"]) == []


@pytest.mark.parametrize("wish", ["shinkia", "ink:large"])
def test_columns_when_a_style_or_tier_is_unknown_then_e201(wish):
    with pytest.raises(UsageError, match="E201"):
        column_names((wish,))
    with pytest.raises(UsageError, match="E201"):
        target_names((wish,), [])


def test_photo_sheet_when_drawn_then_columns_are_input_target_and_style(
    photo, tmp_path, monkeypatch
):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    weights = write_student(tmp_path / "mine-nano.safetensors")
    plan = Plan(styles=(str(weights), "classic"), targets=("ink",), size=SMALL, cell=48)
    told: list[str] = []
    drawn = photo_sheet([photo, photo.parent], plan, told.append)
    assert told == ["target ink", f"{weights}:nano", "classic"]
    assert drawn.shape == (HEAD + 2 * (32 + GAP) + GAP, 4 * (48 + GAP) + GAP, 3)
    cells = [drawn[HEAD : HEAD + 32, GAP + n * (48 + GAP) :][:, :48] for n in range(4)]
    differences = [np.abs(cells[0].astype(int) - cell).mean() for cell in cells[1:]]
    assert min(differences) > 1


def test_targets_when_drawn_before_then_not_again(monkeypatch, tmp_path):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))
    picture = drawn_photo(64, 48)
    (first,) = draw_targets("ink", [picture], workers=1)
    monkeypatch.delattr(gallery_columns, "make_target")
    assert (draw_targets("ink", [picture], workers=1)[0] == first).all()
    with pytest.raises(NameError):
        draw_targets("shinkai", [picture], workers=1)


def test_video_sheet_when_drawn_then_rows_are_consecutive_frames(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    plan = Plan(styles=("classic",), targets=("none",), size=SMALL, cell=96, frames=3, skip=2)
    drawn = video_sheet(clip, plan, str)
    assert drawn.shape[0] == HEAD + 3 * (64 + GAP) + GAP
    with pytest.raises(InputError, match="E301"):
        video_sheet(clip, Plan(skip=9999), str)
    assert photo_sheet([clip], plan, str).shape[0] == HEAD + 64 + 2 * GAP


def test_gallery_when_called_then_writes_the_sheet(photo, tmp_path):
    words = ["gallery", str(photo), "-s", "classic", "--size", "96x64", "--cell", "48"]
    done = CliRunner().invoke(main, [*words, "-o", str(tmp_path / "new" / "sheet.png")])
    assert (done.exit_code, done.output.splitlines()[-1][:5]) == (0, "saved")
    assert read_picture(tmp_path / "new" / "sheet.png").pixels.shape[1] == 2 * (48 + GAP) + GAP
    assert CliRunner().invoke(main, ["gallery", "-o", "x.png"]).exit_code == 2


def test_sheet_when_it_cannot_be_saved_then_e402(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="E402"):
        save(tmp_path / "file" / "sheet.png", drawn_photo(16, 16))
    with pytest.raises(UsageError, match="E201"):
        Plan(cell=0)
