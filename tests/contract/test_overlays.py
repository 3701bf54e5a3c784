"""Colours and lines laid over a network: the same on every backend, and no new engine for them."""

from pathlib import Path

import numpy as np
import pytest

from livecartoon.backends import BACKENDS, open_backend, probe
from livecartoon.backends.base import EngineSpec, needed_layers
from livecartoon.config import Look
from livecartoon.errors import ModelError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.cube import write_cube
from livecartoon.models.overlay import overlay_of
from tests.drawing import drawn_photo, warm_lattice, write_student

SIZES = [(64, 48, 1), (83, 61, 1), (200, 136, 1), (96, 64, 2), (90, 66, 3), (1, 1, 1), (2, 70, 2)]
IDENTITY = Look()
INK = (("sigma", 1.2), ("strength", 0.9), ("threshold", 0.02), ("tone", (0.3, 0.0, 0.1)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network and a table."""
    folder = tmp_path_factory.mktemp("overlay")
    write_student(folder / "drawn.safetensors")
    write_cube(folder / "warm.cube", warm_lattice(), "warm")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


def spec_of(
    place: Path, size: tuple[int, int, int], look: Look = IDENTITY, **kept: bool
) -> EngineSpec:
    weights = place / "drawn.safetensors"
    header = read_header(weights)
    overlay = overlay_of(place / "warm.cube" if kept.get("lut", True) else None, INK, header)
    return EngineSpec(
        weights,
        identity_of(header),
        *size,
        needed_layers(look),
        threads=1,
        overlay=overlay if kept.get("overlay", True) else None,
    )


def drawn(name: str, spec: EngineSpec, look: Look = IDENTITY) -> np.ndarray:
    if reason := probe(name):
        pytest.skip(reason)
    backend = open_backend(name, spec, "cpu")
    backend.set_look(look)
    picture = backend(drawn_photo(spec.width, spec.height)).astype(int)
    backend.close()
    return picture


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("size", SIZES)
def test_overlay_when_drawn_then_agrees_with_eager_within_few_levels(name, size, place):
    spec = spec_of(place, size)
    difference = np.abs(drawn(name, spec) - drawn("torch", spec))
    assert difference.max() <= 3
    assert difference.mean() <= 1


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("size", [SIZES[0], SIZES[3]])
def test_overlay_when_only_lines_differ_then_agrees_within_a_level(name, size, place):
    spec = spec_of(place, size, lut=False)
    assert np.abs(drawn(name, spec) - drawn("torch", spec)).max() <= 1
    assert np.abs(drawn(name, spec) - drawn(name, spec_of(place, size, overlay=False))).max() > 15


@pytest.mark.parametrize("name", BACKENDS)
def test_overlay_when_sliders_move_then_agrees_with_eager(name, place):
    look = Look(ink=1.5, strength=0.7, keep_color=0.4, vivid=1.3)
    spec = spec_of(place, SIZES[0], look)
    assert np.abs(drawn(name, spec, look) - drawn("torch", spec, look)).max() <= 4


@pytest.mark.parametrize("size", [SIZES[0], SIZES[3]])
def test_openvino_when_only_the_overlay_differs_then_builds_nothing(size, place):
    first = open_backend("openvino", spec_of(place, size, lut=False), "cpu")
    second = open_backend("openvino", spec_of(place, size), "cpu")
    assert (first.build_s > 0, second.build_s, second.key) == (True, 0, first.key)
    assert first.spec.drawing != second.spec.drawing
    assert np.abs(drawn("openvino", first.spec) - drawn("openvino", second.spec)).max() > 5


def test_openvino_when_frames_are_reduced_then_shares_the_engine_of_the_base(place):
    base = open_backend("openvino", spec_of(place, SIZES[3], overlay=False), "cpu")
    over = open_backend("openvino", spec_of(place, SIZES[3]), "cpu")
    assert over.key == base.key
    assert base.spec.key() != over.spec.key()


def test_overlay_when_its_table_changed_then_e605(place, tmp_path):
    spec = spec_of(place, SIZES[0])
    write_cube(place / "warm.cube", 1 - warm_lattice(), "other")
    with pytest.raises(ModelError, match="E605"):
        open_backend("torch", spec, "cpu")
    write_cube(place / "warm.cube", warm_lattice(), "warm")
