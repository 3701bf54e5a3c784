import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from livecartoon import codestore
from livecartoon import compiled as compiled_module
from livecartoon.compiled import compiled, part


@part
def twice(value):
    return value * 2


def total(values):
    """Twice the sum of an array."""
    result = np.float32(0)
    for value in values:
        result += twice(value)
    return result


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))
    return tmp_path / codestore.FOLDER


@pytest.fixture
def told(monkeypatch):
    """What the module logs, whatever other tests have done to the program's logging."""
    lines = []
    monkeypatch.setattr(
        compiled_module.log, "info", lambda text, *words: lines.append(text % words)
    )
    return lines


def ones():
    return np.ones(3, np.float32)


def files_of(store, suffix):
    return list(store.rglob(f"*.{suffix}"))


def test_compiled_then_answers_as_python_does_and_is_kept_with_its_hashes(store):
    assert compiled(total)(np.arange(5, dtype=np.float32)) == 20
    kept = files_of(store, "nbi") + files_of(store, "nbc")
    assert len(kept) == 2
    assert all(path.with_name(path.name + codestore.SEAL).is_file() for path in kept)


def test_compiled_when_kept_then_is_not_compiled_again(store):
    compiled(total)(ones())
    before = {path: path.stat().st_mtime_ns for path in files_of(store, "nbc")}
    assert compiled(total)(ones()) == 6
    assert {path: path.stat().st_mtime_ns for path in files_of(store, "nbc")} == before


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", [b"", b"\x00" * 400, None])
def test_compiled_when_the_stored_code_is_damaged_then_it_is_compiled_again(store, suffix, damage):
    compiled(total)(ones())
    for path in files_of(store, suffix):
        content = bytearray(path.read_bytes())
        content[200:600] = b"\x00" * 400
        path.write_bytes(content if damage is None else damage)
    assert compiled(total)(ones()) == 6
    assert compiled(total)(ones()) == 6


def test_compiled_when_a_hash_is_missing_then_it_is_compiled_again(store):
    compiled(total)(ones())
    for path in store.rglob(f"*{codestore.SEAL}"):
        path.unlink()
    assert compiled(total)(ones()) == 6
    assert len(list(store.rglob(f"*{codestore.SEAL}"))) == 2


def test_compiled_when_it_cannot_be_stored_then_goes_on_with_what_it_has(store, told):
    function = compiled(total)
    for folder in store.iterdir():
        folder.rename(store.parent / "elsewhere")
        folder.write_text("a file where the folder was")
    assert function(ones()) == 6
    assert "not kept" in told[0]


def test_compiled_when_no_folder_can_be_made_then_says_so_and_goes_on(tmp_path, monkeypatch, told):
    occupied = tmp_path / "file"
    occupied.write_text("")
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(occupied))
    assert compiled(total)(ones()) == 6
    assert "in each process" in told[0]


def test_compiled_when_numba_is_told_to_do_nothing_then_is_compiled_all_the_same(store):
    code = "from livecartoon.temporal import loops; print(hasattr(loops._step, 'signatures'))"
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "True"


def test_folder_of_other_sources_then_is_another_one(store, tmp_path):
    one, other = tmp_path / "loops.py", tmp_path / "sub" / "loops.py"
    other.parent.mkdir()
    one.write_text("1")
    other.write_text("2")
    first = codestore.open_folder(str(one), "how")
    assert first == codestore.open_folder(str(one), "how")
    assert first != codestore.open_folder(str(one), "otherwise")
    assert first != codestore.open_folder(str(other), "how")


def test_folders_nobody_has_used_for_a_month_then_go(store, tmp_path):
    old, source = store / "gone-1", tmp_path / "loops.py"
    (old / "sub").mkdir(parents=True)
    os.utime(old, (0, time.time() - codestore.UNUSED_S - 60))
    source.write_text("1")
    assert codestore.open_folder(str(source)) is not None
    assert not old.exists()


def test_clear_then_leaves_nothing(store):
    compiled(total)(ones())
    codestore.clear()
    assert not Path(store).exists()
