"""The installed command on the drawn card."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow
COMMAND = (sys.executable, "-m", "livecartoon", "cam", "-s", "classic", "--no-show")


def test_cam_on_the_test_card_reports_json():
    done = subprocess.run(
        [*COMMAND, "--camera", "pattern:320x180", "--frames", "10", "--sink", "null", "--json"],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["command"] == "cam"
    assert document["frames"]["processed"] + document["frames"]["skipped_static"] == 10
    assert document["end_reason"] == "frames"
    assert document["engine"]["device"] == "cpu" or document["engine"]["device"].startswith("cuda")


def on_a_machine_too_slow(*flags: str) -> dict:
    """Ask for 120 pictures a second of PyTorch on one core until it is said that this fails."""
    command = [
        *COMMAND, "--device", "cpu", "--backend", "torch", "--threads", "1", "-v", "--json",
        "--camera", "pattern:1280x720@120", "--sink", "null", "--duration", "120s", *flags,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        told = []
        for line in process.stderr:
            told.append(line)
            if "TOO SLOW" in line:
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, told
    document: dict = json.loads(out)
    return document


def test_cam_on_a_machine_too_slow_then_goes_down_the_levels_and_says_so():
    document = on_a_machine_too_slow()
    assert [level["size"] for level in document["levels"]] == ["360p", "240p", "180p"]
    assert document["governor_changes"] == 2
    assert document["engine"]["infer_size"] == [320, 180]
    assert document["camera"]["size"] == [1280, 720]


def test_cam_on_a_machine_too_slow_when_the_size_is_typed_then_keeps_it_and_gives_advice():
    document = on_a_machine_too_slow("--infer-size", "360p")
    assert [level["size"] for level in document["levels"]] == ["360p"]
    assert document["governor_changes"] == 0
    assert document["engine"]["infer_size"] == [640, 360]
    (warning,) = [w["text"] for w in document["warnings"] if w["text"].startswith("TOO SLOW")]
    assert "livecartoon optimize" in warning


def test_cam_without_any_sink_is_a_usage_error():
    done = subprocess.run(
        [*COMMAND, "--camera", "pattern:"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "E204" in done.stderr
    assert "try:" in done.stderr


def test_cam_interrupted_ends_soon(tmp_path):
    command = [*COMMAND, "--camera", "pattern:320x180", "--record", str(tmp_path / "a.mkv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        end_s = time.monotonic() + 60
        while not (tmp_path / "a.partial.mkv").exists() and time.monotonic() < end_s:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode in (0, 130)
    assert not (tmp_path / "a.partial.mkv").exists()
