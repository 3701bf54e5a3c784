"""One suite for every backend that runs on this machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from livecartoon.backends import BACKENDS, open_backend, probe
from livecartoon.backends.base import Backend, EngineSpec, Overlapping, needed_layers
from livecartoon.backends.cache import use_file
from livecartoon.backends.locks import is_held
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import identity_of, read_header
from tests.drawing import drawn_photo, write_student

SIZES = [(64, 48, 1), (83, 61, 1), (96, 64, 2), (90, 66, 3), (1, 1, 1), (2, 70, 2)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_student(tmp_path_factory.mktemp("weights") / "drawn.safetensors")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


def spec_of(
    weights: Path | None, width: int, height: int, reduction: int, *layers: str
) -> EngineSpec:
    sha256 = identity_of(read_header(weights)) if weights else "classic-3"
    return EngineSpec(weights, sha256, width, height, reduction, layers, threads=1)


def opened(name: str, spec: EngineSpec) -> Backend:
    if reason := probe(name):
        pytest.skip(reason)
    return open_backend(name, spec, "cpu")


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("width", "height", "reduction"), SIZES)
def test_backend_then_agrees_with_eager_within_a_level(
    name: str, width: int, height: int, reduction: int, weights: Path
) -> None:
    spec = spec_of(weights, width, height, reduction)
    photo = drawn_photo(width, height)
    reference = open_backend("torch", spec, "cpu")(photo)
    answer = opened(name, spec)(photo)
    assert answer.shape == photo.shape
    assert answer.dtype == np.uint8
    assert np.abs(answer.astype(int) - reference).max() <= 1


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("width", "height", "reduction"), [SIZES[0], SIZES[3]])
@pytest.mark.parametrize(
    "look",
    [Look(ink=0.5), Look(vivid=1.4), Look(keep_color=0.6), Look(ink=1.5, strength=0.7, vivid=0.5)],
    ids=["ink", "vivid", "keep", "several"],
)
def test_backend_when_a_slider_moves_then_agrees_with_eager(
    name: str, width: int, height: int, reduction: int, look: Look, weights: Path
) -> None:
    spec = spec_of(weights, width, height, reduction, *needed_layers(look))
    photo = drawn_photo(width, height)
    pictures = []
    for backend in (open_backend("torch", spec, "cpu"), opened(name, spec)):
        backend.set_look(look)
        pictures.append(backend(photo).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_when_strength_is_zero_then_returns_the_source(name: str, weights: Path) -> None:
    backend = opened(name, spec_of(weights, 64, 48, 1, "strength"))
    backend.set_look(Look(strength=0.0))
    photo = drawn_photo(64, 48)
    assert np.array_equal(backend(photo), photo)


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_when_a_layer_is_missing_then_refuses_the_slider(name: str, weights: Path) -> None:
    backend = opened(name, spec_of(weights, 64, 48, 1))
    with pytest.raises(EngineError, match="keep_color"):
        backend.set_look(Look(keep_color=0.5))


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("width", "height", "reduction"), [SIZES[1], SIZES[3]])
def test_frames_begun_together_then_are_those_drawn_one_by_one(
    name: str, width: int, height: int, reduction: int, weights: Path
) -> None:
    backend = opened(name, spec_of(weights, width, height, reduction, "strength"))
    if not isinstance(backend, Overlapping):
        pytest.skip("it draws one frame after the other")
    photos = [np.roll(drawn_photo(width, height), 7 * i, 1) for i in range(7)]
    alone, begun = [], []
    for index, photo in enumerate(photos):  # the slider of when a frame was begun counts
        backend.set_look(Look(strength=1 - index / 10))
        alone.append(backend(photo).copy())
        begun.append(backend.begin(photo))
    backend.set_look(Look(strength=0.0))
    with ThreadPoolExecutor(3) as threads:
        fetched = list(threads.map(lambda fetch: fetch(), reversed(begun)))
    for fetch, picture, wanted in zip(begun, reversed(fetched), alone, strict=True):
        assert np.array_equal(picture, wanted)
        assert fetch() is picture


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_when_size_differs_then_raises(name: str, weights: Path) -> None:
    backend = opened(name, spec_of(weights, 64, 48, 1))
    with pytest.raises(EngineError, match="the engine takes"):
        backend(drawn_photo(48, 64))


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_when_closed_twice_then_lets_the_engine_go_and_refuses_frames(name: str) -> None:
    backend = opened(name, spec_of(None, 64, 48, 1))
    assert backend.key is None or is_held(use_file(backend.key))
    backend.close()
    backend.close()
    assert backend.key is None or not is_held(use_file(backend.key))
    with pytest.raises(EngineError, match="the engine is closed"):
        backend(drawn_photo(64, 48))


@pytest.mark.parametrize("name", BACKENDS)
def test_backend_does_not_change_its_input(name: str, weights: Path) -> None:
    photo = drawn_photo(64, 48)
    before = photo.copy()
    opened(name, spec_of(weights, 64, 48, 1))(photo)
    assert np.array_equal(photo, before)


def test_openvino_when_cached_then_builds_nothing_and_agrees(weights: Path) -> None:
    spec, photo = spec_of(weights, 64, 48, 1), drawn_photo(64, 48)
    first = opened("openvino", spec)
    drawn = first(photo).copy()
    second = opened("openvino", spec)
    assert first.build_s > 0
    assert second.build_s == 0
    assert np.array_equal(second(photo), drawn)


def test_openvino_when_the_cached_engine_is_damaged_then_builds_again(
    weights: Path, tmp_path: Path
) -> None:
    spec = spec_of(weights, 64, 48, 1)
    opened("openvino", spec).close()
    (engine,) = (tmp_path / "engines").glob("*.engine")
    engine.write_bytes(b"broken" + engine.read_bytes()[6:])
    assert opened("openvino", spec).build_s > 0
