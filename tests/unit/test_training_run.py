"""A run's folder, its interruptions, its processes: what the loop does around the steps."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from livecartoon.errors import ModelError, OutputError, UsageError
from tests.drawing import write_unpaired
from trainer.config import StudentTraining
from trainer.interruption import Interruption
from trainer.loop import train
from trainer.options import training
from trainer.runfolder import RunFolder
from trainer.snapshot import write_sheet
from trainer.state import read_state, state_file, write_bytes

ROOT = Path(__file__).parents[2]
SMALL = ("crop=64", "batch=1", "critic_width=8", "init_epochs=0", "main_epochs=1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_unpaired(tmp_path_factory.mktemp("unpaired") / "data")


def settings(data, *parameters, model="whitebox-tiny"):
    return training(model, str(data), "paper", parameters=(*SMALL, *parameters))


def test_folder_when_another_process_holds_it_then_e406(tmp_path):
    config = StudentTraining()
    (tmp_path / "lock").write_text(json.dumps({"pid": 1, "host": socket.gethostname()}))
    with pytest.raises(OutputError, match="another process") as caught, RunFolder(tmp_path, config):
        pass
    assert caught.value.code == "E406"
    assert (tmp_path / "lock").exists()


def test_folder_when_its_process_is_gone_then_is_taken(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "lock").write_text(json.dumps({"pid": gone.pid, "host": socket.gethostname()}))
    with RunFolder(tmp_path, StudentTraining()):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "lock").exists()


@pytest.mark.parametrize(
    ("change", "key"),
    [("seed=1", "seed"), ("tier=nano", "tier"), ("steady_weight=2", "steady_weight")],
)
def test_folder_when_begun_with_other_options_then_e202_names_the_key(tmp_path, change, key):
    config = StudentTraining()
    with RunFolder(tmp_path, config):
        pass
    other = config.with_parameters((change,))
    with pytest.raises(UsageError, match=f"{key} = ") as caught, RunFolder(tmp_path, other):
        pass
    assert caught.value.code == "E202"
    assert not (tmp_path / "lock").exists()


def test_folder_when_begun_by_another_recipe_then_e202_names_the_model(tmp_path, data):
    with RunFolder(tmp_path, settings(data)):
        pass
    other = settings(data, model="cartoongan-tiny")
    with pytest.raises(UsageError, match="model = 'whitebox-tiny'"), RunFolder(tmp_path, other):
        pass


def test_folder_when_only_the_budget_differs_then_goes_on(tmp_path):
    with RunFolder(tmp_path, StudentTraining()):
        pass
    with RunFolder(tmp_path, StudentTraining().with_parameters(("budget_s=60",))):
        assert "budget_s = 60.0" in (tmp_path / "config.toml").read_text()


def test_write_when_the_disk_is_full_then_e403_and_the_old_file_stays(tmp_path):
    path = tmp_path / "last.pt"
    write_bytes(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OutputError) as caught:
            write_bytes(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.code == "E403"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_when_asked_once_then_true_and_twice_then_raises(number):
    before = signal.getsignal(number)
    with Interruption() as interruption:
        assert not interruption
        signal.raise_signal(number)
        assert interruption
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_train_when_a_weight_is_nan_then_e606_names_loss_and_keeps_the_checkpoint(data, tmp_path):
    config = settings(data, "texture_weight=nan")
    with pytest.raises(ModelError, match=r"loss 'texture' of the artist .* at step 0") as caught:
        train(config, tmp_path / "run")
    assert caught.value.code == "E606"
    assert read_state(state_file(tmp_path / "run"))["step"] == 0


def test_run_then_records_what_it_was_made_with(data, tmp_path):
    train(settings(data, "log_every=1"), tmp_path / "run")
    record = json.loads((tmp_path / "run" / "env.json").read_text())
    assert record["features"]["kind"] == "random"
    assert record["epoch_steps"] == 4
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert last["step"] == len(lines) == 4
    assert 0 <= last["critics/surface_real_right"] <= 1
    assert {p.name for p in (tmp_path / "run" / "samples").iterdir()} == {
        "000000.png",
        "000004.png",
    }


def test_run_when_it_has_ended_then_the_same_command_does_no_more(data, tmp_path):
    train(settings(data), tmp_path / "run")
    before = state_file(tmp_path / "run").read_bytes()
    train(settings(data), tmp_path / "run")
    assert read_state(state_file(tmp_path / "run"))["step"] == 4
    assert len(state_file(tmp_path / "run").read_bytes()) == len(before)


def test_train_when_budget_is_spent_then_ends_early(data, tmp_path):
    train(settings(data, "budget_s=0.001"), tmp_path / "run")
    assert read_state(state_file(tmp_path / "run"))["step"] == 1


def test_sheet_when_rows_have_unequal_widths_then_fills_up(tmp_path):
    import cv2
    import numpy as np

    wide, narrow = np.zeros((64, 128, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    write_sheet(tmp_path / "sheet.png", [(wide, wide), (narrow, narrow)])
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (512, 1024, 3)


def command(data, run, *options):
    parameters = [text for parameter in SMALL for text in ("-p", parameter)]
    start = [sys.executable, "-m", "trainer", "train", "--model", "whitebox-tiny", "--preset"]
    return [*start, "paper", "--data", str(data), "-o", str(run), *parameters, *options]


@pytest.mark.slow
def test_command_when_terminated_then_saves_exits_130_and_goes_on(data, tmp_path):
    run = tmp_path / "run"
    options = ("-p", "steps=100000", "-p", "log_every=1")
    process = subprocess.Popen(command(data, run, *options), cwd=ROOT, stderr=subprocess.PIPE)
    while not (run / "log.jsonl").exists():
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"stopped and saved" in stderr
    assert not (run / "lock").exists()
    assert read_state(state_file(run))["step"] >= 1


FOREIGN_DISK = """
import sys, torch
from pathlib import Path
from trainer.processes import Processes
with Processes(torch.device("cpu")) as processes:
    found = processes.file_of_first(Path(sys.argv[1]) / str(processes.rank) / "last.pt")
    assert processes.file_of_first(Path("nowhere")) is None
Path(sys.argv[1], f"seen-{processes.rank}").write_bytes(found)
"""


@pytest.mark.slow
def test_checkpoint_of_the_first_when_others_do_not_see_its_disk_then_reaches_them(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "last.pt").write_bytes(bytes(range(256)))
    run_together([sys.executable, "-c", FOREIGN_DISK, str(tmp_path)], 4)
    for rank in range(4):
        assert (tmp_path / f"seen-{rank}").read_bytes() == bytes(range(256))


def run_together(arguments, world):
    """Start the same command as `world` processes of one run, as torchrun does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = os.environ | {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1"}
    started = [
        subprocess.Popen(arguments, cwd=ROOT, env=shared | {"MASTER_PORT": port, "RANK": str(rank)})
        for rank in range(world)
    ]
    assert [process.wait(timeout=300) for process in started] == [0] * world


@pytest.mark.slow
@pytest.mark.parametrize("world", [2, 4])
def test_processes_then_equal_one_with_the_batch_of_all(data, tmp_path, world):
    """Sums of gradients in another order: pictures agree to a level of 255, losses to 1e-3."""
    steps = ("-p", "steps=4", "-p", "log_every=1")
    run_together(command(data, tmp_path / "many", *steps), world)
    one = settings(data, f"batch={world}", "steps=4", "log_every=1")
    train(one, tmp_path / "one")
    states = [read_state(state_file(tmp_path / name)) for name in ("one", "many")]
    pictures = []
    for state in states:
        from livecartoon.models.papers import build_generator

        generator = build_generator("whitebox-tiny")
        generator.load_state_dict(state["average"])
        torch.manual_seed(0)
        pictures.append(generator(torch.rand(1, 3, 64, 64) * 2 - 1).detach())
    assert (pictures[0] - pictures[1]).abs().max() < 2 / 255
    assert states[0]["step"] == states[1]["step"] == 4
    assert json.loads((tmp_path / "many" / "env.json").read_text())["processes"] == world
