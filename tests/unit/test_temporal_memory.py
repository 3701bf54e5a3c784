import tracemalloc

import numpy as np
import pytest

from livecartoon.temporal import TEMPORAL, open_temporal
from tests.drawing import drawn_photo

MODES = sorted(TEMPORAL)


def views(width, height, count=12):
    """Noisy views of a wide photo by a camera that pans and comes back."""
    rng, world = np.random.default_rng(0), drawn_photo(width + count, height)
    frames = []
    for i in range(count):
        part = world[:, min(i, count - i) :][:, :width] + rng.normal(0, 3, (height, width, 3))
        frames.append(np.clip(part, 0, 255).astype(np.uint8))
    return frames


def growth(mode, frames, count):
    """Bytes held more after `count` frames, and the most held in between."""
    filter_ = open_temporal(mode, 0.6)
    for i in range(60):
        filter_(frames[i % len(frames)], frames[i % len(frames)], i / 30)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(60, 60 + count):
        filter_(frames[i % len(frames)], frames[i % len(frames)], i / 30)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before, peak - before


@pytest.mark.parametrize("mode", MODES)
def test_mode_once_running_then_allocates_little_but_what_it_returns(mode):
    frames = views(256, 192)
    held, peak = growth(mode, frames, 40)
    assert held < 30_000
    assert peak < 1.6 * frames[0].nbytes


@pytest.mark.slow
@pytest.mark.parametrize("mode", sorted(set(MODES) - {"off"}))
def test_mode_over_ten_thousand_frames_then_holds_no_more_memory(mode):
    held, _ = growth(mode, views(112, 100), 10_000)
    assert held < 30_000
