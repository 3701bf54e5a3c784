"""What only a card can prove: `make test-gpu` on a machine that has one."""

import numpy as np
import pytest

from livecartoon.backends import open_backend, probe
from livecartoon.backends.base import Backend, EngineSpec, Overlapping
from livecartoon.backends.selftest import first_fault, run_selftest
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.styles import find_style
from tests.drawing import moving_picture

pytestmark = pytest.mark.gpu
CARD = "cuda:0"
NAMES = ("torch", "rtx", "tensorrt")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


def spec_of(precision="fp16", size=(640, 360)) -> EngineSpec:
    _, weights = find_style("shinkai").file_for("small")
    return EngineSpec(weights, identity_of(read_header(weights)), *size, precision=precision)


def opened(name: str, spec: EngineSpec) -> Backend:
    if reason := probe(name):
        pytest.skip(reason)
    return open_backend(name, spec, CARD)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (333, 187)])
def test_half_precision_on_a_card_then_passes_the_selftest(name, size):
    backend = opened(name, spec_of(size=size))
    reference = open_backend("torch", spec_of("fp32", size), "cpu")
    assert first_fault(run_selftest(backend, reference, *size)) is None
    backend.close()


@pytest.mark.parametrize("name", NAMES)
def test_frames_begun_together_then_are_those_drawn_one_by_one(name):
    backend = opened(name, spec_of())
    assert isinstance(backend, Overlapping)
    frames = [moving_picture(index, 640, 360) for index in range(20)]
    alone = [backend(frame).copy() for frame in frames]
    begun = [backend.begin(frame) for frame in frames]
    for fetch, wanted in reversed(list(zip(begun, alone, strict=True))):
        assert np.array_equal(fetch(), wanted)
    backend.close()
