"""The ring of buffers around a card's graph, on a stand-in whose streams are lazy."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from livecartoon.backends import open_backend
from livecartoon.backends.base import EngineSpec
from livecartoon.backends.cuda_ring import SLOTS, CudaRing
from livecartoon.backends.eager import TorchBackend
from livecartoon.backends.graph import build_graph, look_tensor
from livecartoon.config import EngineOptions, Look
from livecartoon.errors import EngineError
from livecartoon.frame import Frame
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer
from tests.drawing import moving_picture, write_student
from tests.vendors import CudaStandIn

SPEC = EngineSpec(None, "drawn", 32, 24)
LOOK = look_tensor(Look())
FRAMES = [moving_picture(index, 32, 24) for index in range(3 * SLOTS)]


@pytest.fixture
def card(monkeypatch):
    return CudaStandIn(monkeypatch)


def negative(frame, look, memory):
    """Draw the negative, darker with the first slider; add what was seen to the memory."""
    if memory.numel():
        memory.copy_(memory + frame.float().mean())
    return (255 - frame.float() * look[0]).to(torch.uint8)


def ring_of(draw=negative, memory_size=0, spec=SPEC) -> CudaRing:
    return CudaRing(draw, spec, "cpu", torch.float32, memory_size)


def test_ring_when_a_frame_is_drawn_then_its_own_picture_comes_back(card):
    ring = ring_of()
    for frame in FRAMES:
        assert np.array_equal(ring(frame, LOOK), 255 - frame)


def test_ring_when_frames_are_begun_then_nothing_waits_until_they_are_fetched(card):
    ring = ring_of()
    card.waits = 0
    begun = [ring.begin(frame, LOOK) for frame in FRAMES[:SLOTS]]
    assert card.waits == 0
    for fetch, frame in reversed(list(zip(begun, FRAMES, strict=False))):
        assert np.array_equal(fetch(), 255 - frame)
    assert card.waits == SLOTS


def test_ring_when_more_is_begun_than_there_are_slots_then_no_frame_is_lost(card):
    ring = ring_of()
    begun = [ring.begin(frame, LOOK) for frame in FRAMES]
    for fetch, frame in zip(begun, FRAMES, strict=True):
        assert np.array_equal(fetch(), 255 - frame)
        assert fetch() is fetch()


def test_ring_when_the_callers_frame_is_overwritten_then_the_begun_one_is_not(card):
    ring = ring_of()
    frame = FRAMES[0].copy()
    fetch = ring.begin(frame, LOOK)
    frame[:] = 0
    assert np.array_equal(fetch(), 255 - FRAMES[0])


def test_ring_when_a_slider_moves_then_from_the_next_frame_on(card):
    ring = ring_of()
    before = ring.begin(FRAMES[0], LOOK)
    after = ring.begin(FRAMES[0], look_tensor(Look(ink=0.5)))
    assert np.array_equal(before(), 255 - FRAMES[0])
    assert np.abs(after().astype(int) - (255 - FRAMES[0] / 2)).max() <= 1


def test_ring_when_made_then_every_buffer_of_the_host_is_pinned(card):
    ring_of()
    assert card.pinned == 3 * SLOTS


def test_ring_when_its_memory_is_exchanged_then_between_the_frames_begun(card):
    ring = ring_of(memory_size=1)
    means = [float(frame.mean(dtype=np.float64)) for frame in FRAMES]
    for frame in FRAMES[:2]:
        ring.begin(frame, LOOK)
    mine = ring.exchange(np.array([100.0], np.float32))
    assert mine == pytest.approx([sum(means[:2])], rel=1e-4)
    ring.begin(FRAMES[2], LOOK)
    assert ring.exchange(None) == pytest.approx([100 + means[2]], rel=1e-4)
    assert ring.exchange(mine) == pytest.approx([0.0])


def test_ring_when_the_card_is_too_small_then_e506(card):
    def draw(frame, look, memory):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(EngineError, match="32x24 does not fit") as caught:
        ring_of(draw)
    assert caught.value.code == "E506"


@pytest.fixture
def weights(tmp_path):
    return write_student(tmp_path / "drawn.safetensors")


def on_the_card(backend: TorchBackend) -> TorchBackend:
    """Put the stand-in's ring where a card's would be."""
    graph = build_graph(backend.spec)
    ring = ring_of(lambda frame, look, memory: graph(frame, look), spec=backend.spec)
    backend._runner = ring
    return backend


def test_torch_backend_when_on_a_card_then_agrees_with_the_cpu_and_ends_clean(card, weights):
    spec = EngineSpec(weights, identity_of(read_header(weights)), 32, 24, layers=("vivid",))
    reference = open_backend("torch", spec, "cpu")
    backend = on_the_card(TorchBackend(spec))
    begun = [backend.begin(frame) for frame in FRAMES]
    backend.close()
    for fetch, frame in zip(begun, FRAMES, strict=True):
        assert np.abs(fetch().astype(int) - reference(frame)).max() <= 1
    with pytest.raises(EngineError, match="closed"):
        backend.begin(FRAMES[0])


def test_stylizer_when_its_halves_run_apart_then_the_card_is_ahead_and_nothing_differs(
    card, weights
):
    options = EngineOptions(style=str(weights), backend="torch", temporal="blend", threads=1)
    frames = [Frame(pixels, pts, Fraction(1, 30)) for pts, pixels in enumerate(FRAMES)]
    with Stylizer(find_style(str(weights)), 32, 24, options) as stylizer:
        wanted = [stylizer(frame).pixels.astype(int) for frame in frames]
        stylizer.reset()
        on_the_card(stylizer._engine.backend)
        card.waits = 0
        drawn = [stylizer.draw(frame) for frame in frames[:SLOTS]]
        assert card.waits <= 1, "the watchdog looks at one frame a second"
        drawn += [stylizer.draw(frame) for frame in frames[SLOTS:]]
        shown = [stylizer.steady(replace(half)) for half in drawn]
    for frame, ours, theirs in zip(frames, shown, wanted, strict=True):
        assert ours.pts == frame.pts
        assert np.abs(ours.pixels.astype(int) - theirs).max() <= 2
