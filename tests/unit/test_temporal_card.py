"""The torch form of what is large, on torch's own CPU beside the OpenCV form."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from livecartoon.temporal import open_temporal
from livecartoon.temporal.card.history import CardHistory
from livecartoon.temporal.card.search import CardSearch, find_flow
from livecartoon.temporal.history import History
from tests.drawing import drawn_photo

HEIGHT, WIDTH = 90, 160
SIZES = [(96, 128), (41, 61), (2, 1)]
ON = [pytest.param("cpu"), pytest.param("cuda", marks=pytest.mark.gpu)]


def texture(height, width):
    """Detail of every size, as pictures have; about 0."""
    grain = np.random.default_rng(4).normal(0, 1, (height, width)).astype(np.float32)
    blurred = [cv2.GaussianBlur(grain, (0, 0), size) * size for size in (2, 6, 18)]
    return sum(60 * layer for layer in blurred)


TEXTURE = texture(HEIGHT + 40, WIDTH + 40)


def frames(height, width, count=6):
    rng = np.random.default_rng(height)
    return [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def smooth(height, width, seed=0):
    """A style's picture: something to fetch between the pixels of."""
    return cv2.GaussianBlur(frames(height, width)[seed], (0, 0), 2)


def both(height, width, card):
    pair = History(height, width), CardHistory(height, width, card)
    for history in pair:
        history.seed(smooth(height, width))
    return pair


def shown(history, styled, gain, hold=0.0):
    return history.blend(styled, np.float32(gain), hold).astype(int)


@pytest.mark.parametrize("card", ON)
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_card_history_of_any_gains_then_shows_the_same_within_a_level(height, width, card):
    rng = np.random.default_rng(1)
    ours, theirs = both(height, width, card)
    for frame in frames(height, width):
        gain = rng.random((max(height // 2, 1), max(width // 2, 1)), dtype=np.float32)
        assert np.abs(shown(theirs, frame, gain) - shown(ours, frame, gain)).max() <= 1


@pytest.mark.parametrize("card", ON)
def test_card_history_when_held_then_trembles_as_little(card):
    grain = np.random.default_rng(3).integers(-1, 2, (6, 64, 96, 3))
    pictures = [(128 + part).astype(np.uint8) for part in grain]
    few = np.full((32, 48), 0.25)
    counts = {}
    for hold in (0.0, 0.4):
        for history in both(64, 96, card):
            history.seed(pictures[0])
            seen = [shown(history, picture, few, hold) for picture in pictures]
            changes = sum(int((a != b).sum()) for a, b in pairwise(seen))
            counts.setdefault(hold, []).append(changes)
    assert counts[0.4][0] < 0.75 * counts[0.0][0]
    assert counts[0.4][1] == pytest.approx(counts[0.4][0], rel=0.02)


@pytest.mark.parametrize("card", ON)
def test_card_history_when_the_gain_is_one_then_shows_the_frame_bit_exactly(card):
    history = CardHistory(41, 61, card)
    for frame in frames(41, 61):
        shown(history, frame, np.full((20, 30), 0.0517))
        assert np.array_equal(shown(history, frame, np.ones((20, 30))), frame)


@pytest.mark.parametrize("card", ON)
def test_card_history_after_a_step_of_the_exposure_then_has_the_same_wide_change(card):
    ours, theirs = both(96, 128, card)
    brighter = np.clip(smooth(96, 128) * 1.1, 0, 255).astype(np.uint8)
    for history in (ours, theirs):
        history.rebase(brighter)
    still = np.zeros((48, 64))
    assert np.abs(shown(theirs, brighter, still) - shown(ours, brighter, still)).max() <= 1
    assert np.abs(shown(ours, brighter, still) - smooth(96, 128)).mean() > 5


@pytest.mark.parametrize("card", ON)
def test_card_history_when_moved_then_is_fetched_from_the_same_places(card):
    ours, theirs = both(96, 128, card)
    flow = 3 * np.random.default_rng(2).normal(0, 1, (48, 64, 2)).astype(np.float32)
    flow = cv2.GaussianBlur(flow, (0, 0), 3)
    for history in (ours, theirs):
        history.move(np.ascontiguousarray(flow.transpose(2, 0, 1)), 2)
    gap = np.abs(
        shown(theirs, frames(96, 128)[0], np.zeros((48, 64)))
        - shown(ours, frames(96, 128)[0], np.zeros((48, 64)))
    )
    assert gap.mean() < 0.3
    assert np.percentile(gap, 99) <= 2


def seen(x, y, noise=0.0):
    """Luma (H, W) of a texture from a place between its pixels, 8 bit."""
    move = np.array([[1, 0, -20 - x], [0, 1, -20 - y]], np.float64)
    picture = cv2.warpAffine(TEXTURE, move, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    grain = np.random.default_rng(5).normal(0, noise, picture.shape)
    return np.clip(picture + 128 + grain, 0, 255).astype(np.uint8)


def searched(now, before, card):
    flow = np.empty((*now.shape, 2), np.float32)
    CardSearch(card).calc(now, before, flow)
    return flow[8:-8, 8:-8]


@pytest.mark.parametrize("card", ON)
@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (0.3, -0.2), (2.5, 1.0), (-9.0, 4.5)])
def test_card_search_of_a_slide_then_finds_it_as_well_as_opencv(x, y, card):
    now, before = seen(x, y, 1.0), seen(0, 0)
    there = np.array([x, y], np.float32)
    error = np.hypot(*np.moveaxis(searched(now, before, card) - there, -1, 0))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    theirs = dis.calc(now, before, np.zeros((HEIGHT, WIDTH, 2), np.float32))[8:-8, 8:-8] - there
    assert np.median(error) < 0.1
    assert np.median(error) <= np.median(np.hypot(*np.moveaxis(theirs, -1, 0))) + 0.02


def test_find_flow_of_a_batch_then_is_that_of_each_alone():
    now = torch.from_numpy(np.stack([seen(1, 0), seen(0, -2)])).float()
    before = torch.from_numpy(np.stack([seen(0, 0), seen(0.5, 0)])).float()
    alone = [find_flow(a[None], b[None])[0] for a, b in zip(now, before, strict=True)]
    assert torch.allclose(find_flow(now, before), torch.stack(alone), atol=1e-4)


class Operations(TorchDispatchMode):
    """Names of all that torch is asked to do."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.names.add(str(operation))
        return operation(*args, **kwargs or {})


def test_find_flow_then_reads_no_value_back():
    """A value that is looked at is one that a card would be waited for."""
    luma = torch.rand((2, HEIGHT, WIDTH))
    with Operations() as asked:
        find_flow(luma, luma.flip(0))
    assert "aten.grid_sampler_2d.default" in asked.names
    assert not [name for name in asked.names if "local_scalar" in name or "nonzero" in name]


def walk(mode, card):
    """What a mode shows of a noisy camera that rests, then pans."""
    filter_, rng, world = open_temporal(mode, 0.6, card), np.random.default_rng(3), []
    photo = drawn_photo(2 * WIDTH, HEIGHT).astype(np.float32) * 0.7 + 40
    photo = np.clip(photo + texture(HEIGHT, 2 * WIDTH)[..., None], 0, 255)
    for i in range(30):
        x = 2 * max(i - 10, 0)
        view = photo[:, x : x + WIDTH] + rng.normal(0, 2, (HEIGHT, WIDTH, 3))
        frame = np.clip(view, 0, 255).astype(np.uint8)
        world.append(filter_(frame, frame, i / 30).astype(np.float32))
    return np.stack(world), filter_.method


@pytest.mark.parametrize("card", ON)
@pytest.mark.parametrize(("mode", "allowed"), [("blend", 0.02), ("flow", 0.8), ("auto", 0.8)])
def test_mode_with_a_card_then_shows_what_it_shows_without(mode, allowed, card):
    (ours, method), (theirs, other) = walk(mode, None), walk(mode, card)
    assert method == other
    assert np.abs(ours - theirs).mean() < allowed
