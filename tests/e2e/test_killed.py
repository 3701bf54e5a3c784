"""The command killed, interrupted or out of disk: the same command again ends the film."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest

from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, write_clip
from tests.laps import assert_same_film

COMMAND = (sys.executable, "-m", "livecartoon", "convert", "-s", "classic", "-c", "ffv1")
KILLS = int(os.environ.get("LIVECARTOON_KILLS", "5"))


@pytest.mark.slow
def test_convert_killed_again_and_again_ends_as_the_uninterrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=250, key_frames=40))
    target, whole = tmp_path / "b.mkv", tmp_path / "whole.mkv"
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    flags = ["--segment", "0.5s", "-q"]
    subprocess.run([*COMMAND, str(clip), "-o", str(whole), *flags], check=True)
    rng = random.Random(5)
    resumed = 0
    for kill in range(KILLS):
        last = kill == KILLS - 1
        saved = lines_of(journal)
        resumed += saved > 0
        run = subprocess.Popen([*COMMAND, str(clip), "-o", str(target), *flags])
        wanted = 99 if last else saved + rng.randint(0, 6)
        while run.poll() is None and lines_of(journal) < wanted:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.1))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert target.exists() or run.returncode
        if target.exists():  # the name appears when all is done, killed right behind it or not
            assert_same_film(whole, target)
            target.unlink()
    assert resumed > 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_convert_interrupted_keeps_closed_laps_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=100, key_frames=40))
    target = tmp_path / "b.mkv"
    journal = tmp_path / "b.mkv.livecartoon" / "journal.jsonl"
    command = [*COMMAND, str(clip), "-o", str(target), "--segment", "0.5s"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        while run.poll() is None and lines_of(journal) < 2:
            time.sleep(0.005)
        run.send_signal(number)
        said = run.communicate()[1]
    assert run.returncode == (130 if number == signal.SIGINT else 143), said
    assert "run the same command again" in said
    saved = lines_of(journal)
    assert saved >= 2
    assert not target.exists()
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=True)
    (report,) = json.loads(done.stdout)["files"]
    assert report["resumed_from_frame"] == sum(len(frames) for frames in pieces_of(clip, saved))
    assert inspect(target).pts == inspect(clip).pts


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to read CPU times in")
def test_convert_of_hd_terminated_half_way_ends_within_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(1280, 720, frames=100, sound=()))
    journal = tmp_path / "b.mp4.livecartoon" / "journal.jsonl"
    command = [*COMMAND[:6], str(clip), "-o", str(tmp_path / "b.mp4"), "--segment", "0.5s", "-q"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command) as run:
        while run.poll() is None and lines_of(journal) < 2:
            time.sleep(0.005)
        spent_s = cpu_s(run.pid)
        run.send_signal(signal.SIGTERM)
        assert run.wait(60) == 143
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    all_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert all_s - spent_s < 5  # on a machine of its own it takes no longer than that to end
    assert lines_of(journal) >= 2


def cpu_s(pid: int) -> float:
    """CPU seconds that a running process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pieces_of(clip: Path, count: int) -> list[list[Fraction]]:
    """Times of the pictures in the first laps of half a second."""
    times = inspect(clip).pts
    return [[t for t in times if int(2 * t) == lap] for lap in range(count)]


def lines_of(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


@pytest.mark.slow
def test_convert_on_a_small_file_system_gives_exit_code_4_and_goes_on(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    if not shutil.which("mount"):
        pytest.skip("no mount command")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(mount)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 120, frames=250))
        command = [*COMMAND, str(clip), "--segment", "0.5s", "-o", str(mount / "b.mkv"), "-q"]
        run = subprocess.Popen(command, stderr=subprocess.PIPE)
        journal = mount / "b.mkv.livecartoon" / "journal.jsonl"
        while run.poll() is None and lines_of(journal) < 3:
            time.sleep(0.005)
        free = shutil.disk_usage(mount).free
        with suppress(OSError):
            (mount / "ballast").write_bytes(bytes(free + (1 << 20)))
        said = run.communicate()[1]
        assert run.returncode == 4, said
        assert said.count(b"error[E403]") == 1
        assert not (mount / "b.mkv").exists()
        (mount / "ballast").unlink()
        subprocess.run(command, check=True)
        assert inspect(mount / "b.mkv").pts == inspect(clip).pts
    finally:
        subprocess.run(["umount", str(mount)], check=False)
