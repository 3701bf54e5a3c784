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
from dataclasses import replace
from pathlib import Path

import pytest

from livecartoon.sources.probe import inspect
from tests.drawing import ClipPlan, write_clip
from tests.laps import assert_same_film

COMMAND = (sys.executable, "-m", "livecartoon", "convert", "-s", "classic", "-c", "ffv1")
KILLS = int(os.environ.get("LIVECARTOON_KILLS", "5"))
#: Frames of that size, of which little is drawn.
HD = ("--size", "1280x720", "--infer-size", "160x90")
FILM = ClipPlan(160, 120, frames=100, key_frames=40)


@pytest.fixture(autouse=True)
def _engines(engines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Films of one size, for one engine."""
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))


@pytest.mark.slow
def test_convert_killed_again_and_again_ends_as_the_uninterrupted_run(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", FILM)
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
        wanted = 99 if last else saved + rng.randint(0, 2)
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
def test_convert_interrupted_keeps_what_is_drawn_and_ends_as_the_uninterrupted_run(
    tmp_path: Path,
) -> None:
    clip = write_clip(tmp_path / "a.mp4", FILM)
    target, folder = tmp_path / "b.mkv", tmp_path / "b.mkv.livecartoon"
    whole = tmp_path / "whole.mkv"
    subprocess.run([*COMMAND, str(clip), "-o", str(whole), "-q"], check=True)
    command = [*COMMAND, str(clip), "-o", str(target)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        while run.poll() is None and not any(p.stat().st_size for p in folder.glob("seg-*.part")):
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        said = run.communicate()[1]
    assert run.returncode == 130, said
    assert "run the same command again" in said
    assert not target.exists()
    times = times_in(folder / "journal.jsonl")
    done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, check=True)
    (report,) = json.loads(done.stdout)["files"]
    assert report["resumed_from_frame"] == len(times) > 0
    assert inspect(target).pts == inspect(clip).pts
    assert_same_film(whole, target)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to read CPU times in")
def test_convert_of_hd_terminated_half_way_ends_within_five_seconds(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(160, 90, frames=100, sound=()))
    command = [*COMMAND[:6], str(clip), "-o", str(tmp_path / "b.mp4"), "--progress", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen([*command, *HD], stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        told = (json.loads(line) for line in run.stderr if line.startswith("{"))
        assert any(line["frame"] >= 10 for line in told)  # the encoder holds them all
        spent_s = cpu_s(run.pid)
        run.send_signal(signal.SIGTERM)
        run.stderr.read()
        assert run.wait(60) == 143
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    all_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert all_s - spent_s < 5  # on a machine of its own it takes no longer than that to end
    assert times_in(tmp_path / "b.mp4.livecartoon" / "journal.jsonl")


def times_in(journal: Path) -> list[int]:
    """Times of the saved frames: those of the first ones, the last piece ended by the signal."""
    pieces = [json.loads(line) for line in journal.read_text().splitlines()]
    assert pieces[-1]["cut_s"] is not None
    times = [pts for piece in pieces for pts in piece["pts"]]
    assert times == [512 * number for number in range(len(times))]
    return times


def cpu_s(pid: int) -> float:
    """CPU seconds that a running process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
        clip = write_clip(tmp_path / "a.mp4", replace(FILM, frames=200))
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
