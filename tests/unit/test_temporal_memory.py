import gc
import os
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

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


def resident():
    """Bytes of this process in memory, OpenCV's own included, and Python's objects."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), sys.getallocatedblocks()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")
def test_auto_over_ten_thousand_frames_then_holds_no_more_memory():
    """A camera that pans and rests by turns: one run through all that blend and flow do.

    Half of a working plane lost per frame would be 45 MB; what tests before this one freed moves
    a process by a few.
    """
    pan, grain = views(96, 96), np.random.default_rng(1).integers(0, 4, (96, 96, 3), np.uint8)
    rest = [pan[0], np.minimum(pan[0], 252) + grain]
    filter_, methods, before = open_temporal("auto", 0.6), Counter[str](), resident()
    for i in range(10_000):
        frame = pan[i % 12] if i % 400 < 24 else rest[i % 2]
        filter_(frame, frame, i / 30)
        methods[filter_.method] += 1
        if i == 800:
            before = resident()
    after = resident()
    assert after[0] - before[0] < 20_000_000
    assert after[1] - before[1] < 3_000
    assert min(methods["blend"], methods["flow"]) > 1_000
