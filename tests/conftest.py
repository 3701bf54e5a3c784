"""What all tests share: deterministic hypothesis, GPU skipping, the shared data folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
# The default deadline of 200 ms fails on the first call into a library that is still loading.
settings.register_profile("ours", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("ours")
# Small tensors on many threads wait longer than they compute; read when torch loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip `gpu` tests where there is no CUDA; torch is imported only if there are any."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    from livecartoon.backends.driver import has_cuda_driver

    if not has_cuda_driver():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


@pytest.fixture(autouse=True)
def _own_folders(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, engines: Path
) -> None:
    """Keep the user's configuration out of the tests, and what they leave out of the user's."""
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(engines))
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    for name in [n for n in os.environ if n.startswith("LIVECARTOON_")]:
        if name not in ("LIVECARTOON_CACHE_DIR", "LIVECARTOON_SHARED"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Undo what the command line set up for its process, so that records still reach the tests."""
    log = logging.getLogger("livecartoon")
    before = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = before[0], before[1]
    log.setLevel(before[2])


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for engines that many tests want: made once, also where several processes test."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "engines"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache for engines of one test; the loops that others have compiled are in it."""
    folder, kernels = tmp_path / "cache", engines / "kernels"
    kernels.mkdir(exist_ok=True)
    folder.mkdir()
    (folder / "kernels").symlink_to(kernels)
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of sample clips and photos that does not travel with the repository."""
    folder = Path(os.environ.get("LIVECARTOON_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; LIVECARTOON_SHARED names its parent")
    return folder
