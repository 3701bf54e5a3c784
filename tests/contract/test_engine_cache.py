"""Engines on disk: whole or built again, one builder at a time, no torso after a kill."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livecartoon.backends import cache
from livecartoon.backends.locks import Hold, exclusive, is_held

KEY = "0" * 64


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))
    return tmp_path / "engines"


def stored(key: str = KEY, blob: bytes = b"engine" * 100, used_s: float = 0.0) -> Path:
    assert cache.store_engine(key, blob, {"backend": "drawn"})
    path = cache.engine_path(key)
    if used_s:
        os.utime(path, (used_s, used_s))
    return path


def test_engine_when_stored_then_comes_back_with_its_facts():
    stored(blob=b"abc")
    found = cache.load_engine(KEY)
    assert found is not None
    assert found.blob == b"abc"
    assert found.record["backend"] == "drawn"


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "state", "reason"),
    [
        (lambda p: flip(p, 300), "damaged", "changed since"),
        (lambda p: p.write_bytes(p.read_bytes()[:200]), "damaged", "200 bytes instead of 600"),
        (lambda p: p.write_bytes(b""), "damaged", "0 bytes instead of 600"),
        (lambda p: p.with_suffix(".json").unlink(), "damaged", "cut off"),
        (lambda p: p.with_suffix(".json").write_bytes(b"{"), "damaged", "cannot be read"),
        (lambda p: p.with_suffix(".json").write_bytes(b"\xff\xfe"), "damaged", "cannot be read"),
        (lambda p: p.with_suffix(".json").write_text("[]"), "damaged", "cannot be read"),
        (lambda p: p.with_suffix(".json").write_text('{"format": 1}'), "stale", "cache format 1"),
    ],
)
def test_engine_when_damaged_or_stale_then_is_not_handed_out_and_the_reason_is_said(
    break_it, state, reason, caplog
):
    break_it(stored())
    with caplog.at_level("WARNING", "livecartoon"):
        assert cache.load_engine(KEY) is None
    assert reason in caplog.text
    assert "built again" in caplog.text
    fault = cache.fault_of(KEY)
    assert fault is not None
    assert fault.state == state
    assert reason in fault.reason


def test_engine_when_never_stored_then_none_without_a_word(caplog):
    assert cache.load_engine(KEY) is None
    assert not caplog.text


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_store_when_folder_is_read_only_then_says_so_and_goes_on(tmp_path, caplog):
    tmp_path.chmod(0o500)
    assert not cache.store_engine(KEY, b"abc", {})
    assert "could not be cached" in caplog.text


def test_store_when_folder_is_a_file_then_says_so_and_goes_on(folder, caplog):
    folder.write_bytes(b"")
    assert not cache.store_engine(KEY, b"abc", {})
    assert "could not be cached" in caplog.text
    with exclusive(cache.build_lock_file(KEY)) as has_waited:
        assert not has_waited


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_store_when_the_disk_is_full_then_leaves_no_torso(folder, monkeypatch, caplog):
    folder.mkdir()
    (folder / f"{KEY}.engine.{os.getpid()}.partial").symlink_to("/dev/full")
    assert not cache.store_engine(KEY, b"abc" * 5000, {})
    assert "No space left" in caplog.text
    assert list(folder.iterdir()) == []


def test_prune_when_over_the_cap_then_the_longest_unused_go_first():
    old, new = stored("a" * 64, used_s=1000.0), stored("b" * 64, used_s=2000.0)
    held = stored("c" * 64, used_s=500.0)
    hold = Hold(cache.use_file("c" * 64))
    removed = cache.prune(1300)
    assert [entry.path for entry in removed] == [old]
    assert new.exists()
    assert held.exists(), "an engine in use is never thrown away"
    hold.close()
    cache.prune(700)
    assert not held.exists()


def test_prune_when_older_than_then_only_those_go():
    stored("a" * 64, used_s=time.time() - 1000)
    stored("b" * 64)
    assert [entry.key for entry in cache.prune(older_than_s=500)] == ["a" * 64]
    assert [entry.key for entry in cache.entries()] == ["b" * 64]


def test_load_when_used_then_becomes_the_newest():
    path = stored(used_s=1000.0)
    cache.load_engine(KEY)
    assert path.stat().st_mtime > 1e9


def test_clear_when_called_then_sweeps_records_and_torsos(folder):
    stored()
    (folder / "x.engine.1.partial").write_bytes(b"")
    (folder / "y.json").write_text("{}")
    assert len(cache.clear()) == 1
    assert not [path for path in folder.iterdir() if path.suffix not in (".lock", ".use")]


def _build_once(started, log: Path) -> None:
    started.wait()
    with exclusive(cache.build_lock_file(KEY)):
        if cache.load_engine(KEY) is None:
            with log.open("a") as file:
                file.write("built\n")
            time.sleep(0.3)
            cache.store_engine(KEY, b"abc", {})


@pytest.mark.slow
def test_two_processes_when_building_the_same_then_one_builds_and_one_waits(tmp_path):
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    log = tmp_path / "log"
    builders = [context.Process(target=_build_once, args=(started, log)) for _ in range(2)]
    for builder in builders:
        builder.start()
    started.set()
    for builder in builders:
        builder.join(60)
    assert [builder.exitcode for builder in builders] == [0, 0]
    assert log.read_text() == "built\n"


def test_lock_when_its_process_is_killed_then_is_free(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from livecartoon.backends.locks import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n    print('in', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        assert is_held(path)
        process.send_signal(signal.SIGKILL)
    waits: list[float] = []
    with exclusive(path, waits.append):
        pass
    assert not waits


@pytest.mark.slow
def test_store_when_killed_at_any_moment_then_the_next_run_finds_all_or_nothing(tmp_path):
    code = (
        "from livecartoon.backends import cache\n"
        "print('go', flush=True)\n"
        f"while True: cache.store_engine({KEY!r}, b'x' * 3_000_000, {{}})"
    )
    for delay_s in (0.0, 0.004, 0.011, 0.023, 0.05):
        command = [sys.executable, "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay_s)
            process.kill()
        found = cache.load_engine(KEY)
        assert found is None or len(found.blob) == 3_000_000
    assert cache.store_engine(KEY, b"abc", {})
    assert json.loads(cache.record_path(KEY).read_text())["bytes"] == 3
