"""Tables over drawn pictures, by the command as users call it."""

import csv
import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from livecartoon.errors import InputError, UsageError
from tests.drawing import drawn_photo, moving_picture, write_paper, write_student
from trainer.__main__ import main
from trainer.metrics.candidates import open_candidate
from trainer.metrics.evaluation import EvaluationConfig, evaluate
from trainer.metrics.gating import missed_gates
from trainer.metrics.pictures import read_set, square


def store(folder, pictures):
    folder.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture[..., ::-1])
    return folder


def photos_of(count=6, side=96):
    wide = drawn_photo(side + 16 * count, side)
    grain = np.random.default_rng(0).normal(0, 12, wide.shape)
    wide = np.clip(wide + grain, 0, 255).astype(np.uint8)
    return {f"p{i}": np.ascontiguousarray(wide[:, 16 * i : 16 * i + side]) for i in range(count)}


@pytest.fixture
def folders(tmp_path):
    photos = photos_of()
    cartoons = {f"c{i}": cv2.pyrMeanShiftFiltering(p, 9, 40) for i, p in enumerate(photos.values())}
    return store(tmp_path / "photos", photos), store(tmp_path / "cartoons", cartoons), tmp_path


def config(folders, *models, **changes):
    options = {"size": 96, "resamples": 6, **changes}
    return EvaluationConfig(folders[0], folders[1], models, **options)


def test_set_with_a_broken_and_a_tall_picture_then_skipped_and_square(tmp_path, caplog):
    store(tmp_path, {"a": drawn_photo(60, 200), "b": drawn_photo(200, 120)})
    (tmp_path / "c.JPG").write_bytes(b"no picture")
    found = read_set(tmp_path, 96)
    assert list(found.pictures) == ["a", "b"]
    assert {p.shape for p in found.pictures.values()} == {(96, 96, 3)}
    assert (found.unreadable, found.enlarged) == (("c.JPG",), 1)
    assert "c.JPG" in caplog.text


def test_square_of_a_wide_picture_then_its_middle():
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 200
    assert (square(wide, 4) == 200).all()
    assert (square(wide, 2) == 200).all()


def test_set_that_is_empty_or_has_one_picture_then_input_error(tmp_path):
    with pytest.raises(InputError, match="E301"):
        read_set(tmp_path / "none", 96)
    with pytest.raises(InputError, match="E301"):
        read_set(tmp_path, 96)
    with pytest.raises(InputError, match="E302"):
        read_set(store(tmp_path / "one", {"a": drawn_photo(96, 96)}), 96)


def test_table_of_photos_cartoons_and_a_blur_then_each_fails_where_it_should(folders):
    photos, _, tmp_path = folders
    pictures = {p.stem: cv2.imread(str(p))[..., ::-1] for p in sorted(photos.iterdir())}
    drawn = {
        n: cv2.pyrMeanShiftFiltering(np.ascontiguousarray(p), 9, 40) for n, p in pictures.items()
    }
    blurred = {n: cv2.GaussianBlur(p, (0, 0), 4) for n, p in pictures.items()}
    places = store(tmp_path / "drawn", drawn), store(tmp_path / "blur", blurred)
    found = evaluate(config(folders, f"cartoon={places[0]}", f"blur={places[1]}"))
    identity, reference, cartoon, blur = found.rows
    assert [row.model for row in found.rows] == ["identity", "reference", "cartoon", "blur"]
    assert identity.fd_content["value"] == pytest.approx(0, abs=1e-9)
    assert identity.content[0]["value"] == pytest.approx(0, abs=1e-9)
    assert identity.stats["C"] == 1
    assert reference.fd_style["value"] < identity.fd_style["value"]
    assert cartoon.fd_style["value"] < identity.fd_style["value"]
    assert cartoon.stats["C"] > 1
    assert not cartoon.flags
    assert any("blurred" in flag for flag in blur.flags)
    assert cartoon.fd_style["lo"] <= cartoon.fd_style["value"] <= cartoon.fd_style["hi"]


def test_table_twice_then_equal(folders):
    first, second = (evaluate(config(folders)).as_json()["rows"] for _ in range(2))
    assert first == second


def test_table_of_a_folder_that_lacks_photos_then_left_out_of_every_row(folders):
    tmp_path = folders[2]
    part = store(tmp_path / "part", {k: v for k, v in photos_of().items() if k != "p3"})
    found = evaluate(config(folders, f"part={part}"))
    assert [row.n for row in found.rows if row.model != "reference"] == [5, 5]
    assert any("part lacks 1 photos" in text for text in found.record["warnings"])


def test_swapped_folders_then_warned(folders):
    swapped = EvaluationConfig(folders[1], folders[0], (), size=96, resamples=0)
    assert any("swapped" in text for text in evaluate(swapped).record["warnings"])


def test_models_that_cannot_be_then_our_errors(folders, tmp_path):
    photos = read_set(folders[0], 96)
    with pytest.raises(UsageError, match="E201"):
        open_candidate("x=shinkay", photos, 96)
    with pytest.raises(UsageError, match="no tier"):
        open_candidate("shinkai:huge", photos, 96)
    with pytest.raises(InputError, match="E301"):
        open_candidate(f"x={tmp_path / 'none'}", photos, 96)
    with pytest.raises(InputError, match="two rows"):
        evaluate(config(folders, "identity=classic"))


def test_weights_of_a_student_then_drawn_and_counted(folders, tmp_path):
    photos = read_set(folders[0], 96)
    found = open_candidate(f"tiny={write_student(tmp_path / 's.safetensors')}", photos, 96)
    assert found.pictures.keys() == photos.pictures.keys()
    assert found.params > 10_000
    assert 0.01 < found.gmac_256 < 2
    assert len(found.sha256) == 64


def test_weights_of_a_paper_then_drawn_by_the_products_own_graph(folders, tmp_path):
    photos = read_set(folders[0], 96)
    found = open_candidate(f"paper={write_paper(tmp_path / 'p.safetensors')}", photos, 96)
    assert {p.shape for p in found.pictures.values()} == {(96, 96, 3)}
    assert found.params > 10_000
    assert found.gmac_256 > 0.01


def test_gates_then_only_the_missed_ones():
    rows = [{"model": "a.b", "fd_style": {"value": 5.0}, "flags": []}]
    assert missed_gates(["a.b.fd_style.value<=5"], rows) == []
    assert missed_gates(["a.b.fd_style.value>=6"], rows) == ["a.b.fd_style.value>=6"]
    for wrong in (
        "a.b.fd_style.value",
        "c.n<=1",
        "a.b.none<=1",
        "a.b.flags<=1",
        "a.b.fd_style.value<=x",
    ):
        with pytest.raises(UsageError, match="E201"):
            missed_gates([wrong], rows)


def test_eval_command_then_table_csv_json_sheet_and_gate(folders):
    photos, cartoons, tmp_path = folders
    out = tmp_path / "out"
    words = ["eval", "--photos", photos, "--cartoons", cartoons, "filter=classic", "--size", 96]
    words += ["--resamples", 4, "-o", out, "--json", out / "r.json", "--sheet", out / "s.png"]
    words += ["--layout", "cartoonloss-shinkai", "--gate", "filter.n>=100"]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 3, result.output
    assert "| identity | 6 |" in result.output
    assert "not comparable with published FID" in result.output
    assert "| CartoonLossGAN | 118.79 | 53.95 |" in result.output
    report = json.loads((out / "r.json").read_text())
    wanted = {"schema", "run_id", "machine", "inputs", "extractor", "rows", "seed", "commit"}
    assert wanted <= report.keys()
    row = report["rows"][2]
    assert {"model", "sha256", "params", "gmac_256", "fd_style", "fd_content"} <= row.keys()
    assert {"kid100", "content", "stats", "flags"} <= row.keys()
    assert row["content"]["kind"] == "1-MSSSIM"
    assert report["missed"] == ["filter.n>=100"]
    with (out / "table.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["model"] for line in lines] == ["identity", "reference", "filter"]
    assert float(lines[2]["FD(rand-v1) style value"]) == row["fd_style"]["value"]
    assert cv2.imread(str(out / "s.png")).shape == (192, 576, 3)


def test_eval_video_command_on_folders_then_table_and_json(tmp_path):
    frames = {f"f{t:02}": moving_picture(t, 128, 96) for t in range(10)}
    source = store(tmp_path / "in", frames)
    mean = None
    shown = {}
    for name, frame in frames.items():
        mean = frame if mean is None else 0.5 * mean + 0.5 * frame
        shown[name] = np.rint(mean).astype(np.uint8)
    out = store(tmp_path / "out", shown)
    words = ["eval-video", source, f"mean={out}", f"none={source}", "--per-frame", source, "--gate"]
    result = CliRunner().invoke(main, [str(w) for w in [*words, "--json", "-"]])
    assert result.exit_code == 3, result.output
    mean, none = json.loads(result.stdout)["video"]
    assert none["R_E"] == 1
    assert mean["gamma"] > 0.2
    assert none["gamma"] == 0
    keys = {"clip", "frames", "cuts", "valid", "E", "E_gap8", "R_E", "tOF", "tSS", "gamma"}
    assert keys | {"trail", "S", "phi", "pulse", "delay"} <= mean.keys()


def test_study_commands_then_page_key_and_scores(folders):
    photos, _, tmp_path = folders
    out = tmp_path / "study"
    words = ["study", "make", "one=classic", f"two={photos}", "--photos", photos, "-o", out]
    words += ["--size", 96, "--raters", 2, "--trials", 4]
    made = CliRunner().invoke(main, [str(word) for word in words])
    assert made.exit_code == 0, made.output
    key = json.loads((out / "key.json").read_text())
    of_model = {shown["model"]: name for name, shown in key["pictures"].items()}
    pair = key["kinds"][0].index("pair") + 1
    lines = ["study,rater,trial,question,left,right,choice,ms"]
    lines.append(f"{key['study']},1,{pair},A,{of_model['one']},{of_model['two']},left,1")
    (out / "a.csv").write_text("\n".join(lines) + "\n")
    scored = CliRunner().invoke(main, ["study", "score", str(out / "key.json"), str(out / "a.csv")])
    assert scored.exit_code == 0, scored.output
    assert "preference check: 1 raters, 0 dropped" in scored.output
    assert "| two | 0.00 | 0.00 .. 0.00 | 0.00 |" in scored.output
