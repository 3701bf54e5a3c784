import shutil

import numpy as np
import pytest

from livecartoon.compiled import FOLDER, compiled, part


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
    return tmp_path / FOLDER


def test_compiled_then_answers_as_python_does_and_is_kept(store):
    assert compiled(total)(np.arange(5, dtype=np.float32)) == 20
    assert list(store.rglob("*.nbc"))


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("bytes_kept", [0, 40])
def test_compiled_when_the_stored_code_is_cut_off_then_compiles_again(store, suffix, bytes_kept):
    compiled(total)(np.ones(3, np.float32))
    for path in store.rglob(f"*.{suffix}"):
        path.write_bytes(path.read_bytes()[:bytes_kept])
    assert compiled(total)(np.ones(3, np.float32)) == 6


def test_compiled_when_the_folder_vanishes_before_storing_then_goes_on(store):
    function = compiled(total)
    shutil.rmtree(store)
    store.write_text("a file where the folder was")
    assert function(np.ones(3, np.float32)) == 6


def test_compiled_when_no_folder_can_be_made_then_goes_on(tmp_path, monkeypatch):
    occupied = tmp_path / "file"
    occupied.write_text("")
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(occupied))
    assert compiled(total)(np.ones(3, np.float32)) == 6
