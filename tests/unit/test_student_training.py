import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.gallery_columns import open_column
from livecartoon.errors import InputError, ModelError, UsageError
from livecartoon.frame import Frame
from livecartoon.models.checkpoint import read_checkpoint
from livecartoon.models.load import load_student
from livecartoon.models.student import STUDENTS, Student, StudentConfig
from tests.drawing import drawn_photo
from trainer.beginning import unfused
from trainer.config import StudentTraining
from trainer.data.motion import move, random_motion
from trainer.data.pairs import CropSampler, degrade, read_pairs
from trainer.export import export_student
from trainer.finished import averaged_student
from trainer.loop import train
from trainer.metrics.gates import gain, line_score, psnr, ssim
from trainer.recipes.student import StudentRecipe
from trainer.state import Average, averaged_tensors, state_file


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three drawn pairs for training and one held out: the target is the photo in eight tones."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for index, name in enumerate(("t_a", "t_b", "t_c", "h_d")):
        photo = np.roll(drawn_photo(112, 104), 9 * index, 1)
        target = (photo // 32 * 32 + 16).astype(np.uint8)
        line = np.zeros(photo.shape[:2], np.uint8)
        line[:, 50] = 255
        np.savez(folder / f"{name}.npz", photo=photo, graded=target, line=line)
    (folder / "people.txt").write_text("t_a\n")
    return folder


def config(pairs: Path, **changes: object) -> StudentTraining:
    small = StudentTraining(pairs=str(pairs), tier="nano", steps=6, batch=2, crop=64)
    return small.with_parameters(tuple(f"{key}={value}" for key, value in changes.items()))


def test_config_when_written_then_reads_back(tmp_path: Path) -> None:
    wanted = StudentTraining(pairs='a "quoted" folder', steps=7)
    wanted.write(tmp_path / "config.toml")
    assert StudentTraining.read(tmp_path / "config.toml") == wanted


def test_config_when_a_key_is_unknown_then_names_it() -> None:
    with pytest.raises(UsageError, match="speed"):
        StudentTraining().with_parameters(("speed=2",))
    with pytest.raises(UsageError, match="not a int"):
        StudentTraining().with_parameters(("steps=many",))


def test_read_pairs_when_folder_is_empty_then_e301(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_pairs(tmp_path, "t")
    assert caught.value.code == "E301"


def test_sampler_when_people_are_wanted_then_draws_them(pairs: Path) -> None:
    sampler = CropSampler(read_pairs(pairs, "t"), 64, 1.0, np.random.default_rng(0))
    assert [pair.name for pair in sampler.people] == ["t_a"]
    batch = sampler.batch(3)
    assert batch.photo.shape == (3, 64, 64, 3)
    assert batch.line.shape == (3, 64, 64)
    assert batch.photo.dtype == np.float32


def test_degrade_then_stays_a_photo_and_leaves_its_input(pairs: Path) -> None:
    rng = np.random.default_rng(0)
    photo = CropSampler(read_pairs(pairs, "t"), 64, 0.5, rng).batch(4).photo
    before = photo.copy()
    worse = degrade(photo, rng)
    assert np.array_equal(photo, before)
    assert worse.min() >= 0
    assert worse.max() <= 1
    assert 0 < np.abs(worse - photo).mean() < 0.1


def test_move_by_nothing_then_identity() -> None:
    picture = torch.rand(1, 16, 16, 3)
    still = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    assert torch.allclose(move(picture, still), picture, atol=1e-5)
    assert random_motion(3, 64, np.random.default_rng(0)).shape == (3, 2, 3)


def test_average_then_follows_quickly_at_first() -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    average = Average(network, 0.998)
    with torch.no_grad():
        network.weight += 1
    before = average.tensors["weight"].clone()
    average.update(network)
    assert (average.tensors["weight"] - before).item() == pytest.approx(1 - 1 / 20)


def test_schedule_then_warms_up_and_ends_low(pairs: Path) -> None:
    recipe = StudentRecipe(config(pairs, warmup_steps=10))
    assert recipe.learning_rate(0, 0.0) == pytest.approx(2e-4)
    assert recipe.learning_rate(99, 0.0) == pytest.approx(2e-3)
    assert recipe.learning_rate(99, 1.0) == pytest.approx(4e-5)


def test_train_when_stopped_and_resumed_then_equals_the_uninterrupted_run(
    pairs: Path, tmp_path: Path
) -> None:
    whole = config(pairs, steady_from=0.1)
    train(whole, tmp_path / "whole", evaluate=False)
    run = tmp_path / "halves"
    train(whole, run, evaluate=False, pause_at=3)
    train(whole, run, evaluate=False)
    first, second = (
        torch.load(state_file(folder), weights_only=True) for folder in (tmp_path / "whole", run)
    )
    assert first["step"] == second["step"] == 6
    for name, tensor in first["average"].items():
        assert torch.equal(tensor, second["average"][name]), name


def test_train_with_init_then_starts_from_the_other_runs_average(
    pairs: Path, tmp_path: Path
) -> None:
    train(config(pairs), tmp_path / "first", evaluate=False)
    again = config(pairs, init=str(tmp_path / "first"), learning_rate=0.0)
    train(again, tmp_path / "second", evaluate=False, pause_at=1)
    first, second = (
        torch.load(state_file(tmp_path / name), weights_only=True)["average"]
        for name in ("first", "second")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(InputError, match="no checkpoint"):
        train(config(pairs, init=str(tmp_path)), tmp_path / "third")


def test_train_with_a_share_of_init_then_starts_between_both_ends_of_that_run(
    pairs: Path, tmp_path: Path
) -> None:
    ends = [config(pairs), config(pairs, init=str(tmp_path / "0"), learning_rate=0.01)]
    ends.append(config(pairs, init=str(tmp_path / "1"), init_share=0.75, learning_rate=0.0))
    for number, wanted in enumerate(ends):
        train(wanted, tmp_path / str(number), evaluate=False, pause_at=2)
    start, end, mean = (averaged_tensors(tmp_path / str(number)) for number in range(3))
    assert not torch.equal(start["stem.conv.weight"], end["stem.conv.weight"])
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, 0.75 * end[name] + 0.25 * start[name])
    with pytest.raises(UsageError, match="0 began with nothing"):
        train(config(pairs, init=str(tmp_path / "0"), init_share=0.5), tmp_path / "3")


def test_train_with_a_share_of_a_run_with_a_gain_then_goes_back_to_where_that_began(
    pairs: Path, tmp_path: Path
) -> None:
    runs = [config(pairs), config(pairs, init=str(tmp_path / "0"), gate_gain=2.0)]
    runs.append(config(pairs, init=str(tmp_path / "1"), init_share=0.5, learning_rate=0.0))
    for number, wanted in enumerate(runs):
        train(wanted, tmp_path / str(number), evaluate=False, pause_at=2)
    start, end, mean = (averaged_tensors(tmp_path / str(number)) for number in range(3))
    wanted = 0.5 * end["gate.weight"] + 0.5 * 2.0 * start["gate.weight"]
    torch.testing.assert_close(mean["gate.weight"], wanted)


def test_train_when_the_loss_is_not_finite_then_e606_and_checkpoint(
    pairs: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        train(config(pairs, absolute_weight="nan"), tmp_path / "run")
    assert caught.value.code == "E606"
    assert "loss 'flat' of the student is nan at step 0" in caught.value.message
    assert state_file(tmp_path / "run").exists()


def test_run_then_exports_a_file_the_product_loads(pairs: Path, tmp_path: Path) -> None:
    run, path = tmp_path / "run", tmp_path / "style.safetensors"
    figures = train(config(pairs), run)
    assert figures["psnr"] > 5
    assert json.loads((run / "metrics.json").read_text()) == figures
    assert list((run / "samples").glob("*.png"))
    export_student(
        run, path, name="drawn", title="T", description="D", licence="CC0-1.0", data="drawn"
    )
    checkpoint = read_checkpoint(path)
    load_student(checkpoint)
    assert checkpoint.header["license_data"] == "drawn"
    assert "3 training pairs, 1 held out" in checkpoint.header["dataset"]
    card = path.with_suffix(".md").read_text()
    assert "3 training pairs, 1 held out" in card
    assert f"| gain_over_table | **{figures['gain_over_table']:.3f}** | >= 0.20 |" in card


def test_run_when_it_still_trains_then_is_a_column_of_the_gallery(
    pairs: Path, tmp_path: Path
) -> None:
    train(config(pairs), tmp_path / "run", evaluate=False, pause_at=1)
    photo = drawn_photo(96, 64)
    with open_column(str(tmp_path / "run"), (96, 64), "off") as draw:
        drawn = draw(Frame(photo, 0, Fraction(1)))
    assert drawn.shape == photo.shape
    assert (drawn != photo).any()


def test_gain_then_zero_for_the_photo_and_one_for_the_target() -> None:
    photo, target = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    assert gain(photo, target, photo) == pytest.approx(0)
    assert gain(target, target, photo) == pytest.approx(1)
    assert psnr(np.full_like(photo, 0.1), photo) == pytest.approx(20, abs=0.01)
    assert ssim(target, target) == pytest.approx(1, abs=1e-5)


def test_line_score_then_forgives_one_pixel() -> None:
    found, wanted = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    found[:, 4], wanted[:, 5] = True, True
    assert line_score(found, wanted) == pytest.approx(1, abs=1e-5)
    wanted[:, 5], wanted[:, 8] = False, True
    assert line_score(found, wanted) == pytest.approx(0, abs=1e-5)


def test_train_with_a_weights_file_then_starts_from_its_picture_and_says_so(
    pairs: Path, tmp_path: Path
) -> None:
    run, path = tmp_path / "first", tmp_path / "drawn.safetensors"
    train(config(pairs), run, evaluate=False)
    rights = {"title": "T", "description": "D", "licence": "CC0-1.0", "data": "drawn"}
    export_student(run, path, name="drawn", **rights)
    again = config(pairs, init=str(path), learning_rate=0.0)
    train(again, tmp_path / "second", evaluate=False, pause_at=1)
    student = averaged_student(averaged_tensors(tmp_path / "second"), "nano")
    photo = torch.rand(1, 32, 32, 3)
    torch.testing.assert_close(student(photo), load_student(read_checkpoint(path))(photo))
    export_student(tmp_path / "second", tmp_path / "later.safetensors", name="later", **rights)
    header = read_checkpoint(tmp_path / "later.safetensors").header
    assert header["steps"] == "6 + 1"
    assert [run["run"] for run in json.loads(header["training"])] == ["first", "second"]
    card = (tmp_path / "later.md").read_text()
    assert "-p init=livecartoon/styles/weights/drawn.safetensors" in card
    with pytest.raises(UsageError, match="init_share"):
        train(config(pairs, init=str(path), init_share=0.5), tmp_path / "fourth")


NARROW = StudentConfig(24, 64, 1, 3, 1, 1)
"""`small` as it was: heads that see no more than the blocks before them."""


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (NARROW, STUDENTS["small"]),
        (STUDENTS["small"], STUDENTS["base"]),
        (STUDENTS["base"], STUDENTS["large"]),
    ],
)
def test_unfused_into_a_larger_network_then_draws_the_same_and_can_learn(
    small: StudentConfig, large: StudentConfig
) -> None:
    before, after = Student(small), Student(large)
    fused = before.fuse().state_dict()
    after.load_state_dict(unfused(fused, after))
    photo = torch.rand(1, 48, 64, 3)
    torch.testing.assert_close(after(photo), before(photo), atol=1e-5, rtol=0)
    after(photo).square().sum().backward()
    deaf = [n for n, p in after.named_parameters() if p.grad is None or not p.grad.any()]
    assert set(deaf) <= {"line.weight", "line.bias"}
    with pytest.raises(UsageError, match="larger tier"):
        unfused(after.fuse().state_dict(), Student(small))


def test_unfused_3x3_heads_into_1x1_ones_then_flat_ground_looks_the_same() -> None:
    before, after = Student(StudentConfig(16, 32, 0, 3, 1, 3)), Student(STUDENTS["nano"])
    after.load_state_dict(unfused(before.fuse().state_dict(), after))
    grey = torch.full((1, 48, 64, 3), 0.4)
    inside = slice(16, -16)
    torch.testing.assert_close(
        after(grey)[:, inside, inside], before(grey)[:, inside, inside], atol=1 / 255, rtol=0
    )
