"""The wheel: small, and complete without the source tree."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_BYTES = 25 << 20
OLDEST_SETUPTOOLS = 77
SOURCES = ("livecartoon", "LICENSE", "README.md", "pyproject.toml")
FROM_WHEEL = """
import sys
site, root, *args = sys.argv[1:]
sys.path[:] = [site, *(p for p in sys.path if p not in ("", root))]
import livecartoon
assert livecartoon.__file__.startswith(site), livecartoon.__file__
from livecartoon.cli import run
code = run(args)
ours = [m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] == "livecartoon"]
assert all(file.startswith(site) for file in ours if file), ours
assert "trainer" not in sys.modules
sys.exit(code)
"""
pytestmark = pytest.mark.slow


def setuptools_version() -> int:
    try:
        return int(version("setuptools").partition(".")[0])
    except PackageNotFoundError:
        return 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the tree."""
    if setuptools_version() < OLDEST_SETUPTOOLS:
        pytest.skip(f"building needs setuptools {OLDEST_SETUPTOOLS}")
    place = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", "dist", "."]
    subprocess.run(command, cwd=place, check=True)
    (made,) = (place / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """The wheel unpacked, as pip does it."""
    folder = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_wheel_when_built_then_is_small_and_holds_the_product_only(wheel: Path) -> None:
    assert wheel.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top.partition("-")[0] for top in tops} == {"livecartoon"}
    for part in ("styles/styles.toml", "py.typed", "jobs/serve/page/page.html"):
        assert f"livecartoon/{part}" in names
    for kind in ("safetensors", "md"):
        shipped = {p.name for p in (ROOT / "livecartoon/styles/weights").glob(f"*.{kind}")}
        assert shipped <= {name.rpartition("/")[2] for name in names}
    assert any(name.endswith("schemas/convert.json") for name in names)


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (["styles"], "shinkai"),
        (["styles", "check", "shinkai"], "ok    nano"),
        (["devices", "--encoders"], "libx264"),
    ],
    ids=["styles", "check", "devices"],
)
def test_wheel_without_the_source_tree_then_works(
    args: list[str], wanted: str, site: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-I", "-c", FROM_WHEEL, str(site), str(ROOT), *args]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert wanted in done.stdout
