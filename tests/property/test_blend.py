"""What holds for the blend whatever the frames."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livecartoon.temporal import open_temporal

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70))
STRENGTHS = st.floats(0.01, 1)
STEPS_S = st.floats(0.001, 0.6)


def clip(seed, size, count=8):
    """Frames that jump about: noise around a level that drifts, now and then another picture."""
    rng = np.random.default_rng(seed)
    frames, base = [], rng.uniform(0, 255, (*size, 3))
    for _ in range(count):
        if rng.random() < 0.2:
            base = rng.uniform(0, 255, (*size, 3))
        base = base * rng.uniform(0.9, 1.1)
        frames.append(np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8))
    return frames


@given(SEEDS, SIZES, STRENGTHS, STEPS_S)
def test_blend_of_constant_styled_then_shows_it(seed, size, strength, step_s):
    blend = open_temporal("blend", strength)
    styled = clip(seed + 1, size, 1)[0]
    for i, source in enumerate(clip(seed, size)):
        assert np.array_equal(blend(source, styled, i * step_s), styled)


@given(SEEDS, SIZES, STRENGTHS, STEPS_S)
def test_blend_then_stays_within_what_each_pixel_has_been(seed, size, strength, step_s):
    blend = open_temporal("blend", strength)
    sources, styled = clip(seed, size), clip(seed + 1, size)
    for i, source in enumerate(sources):
        shown = blend(source, styled[i], i * step_s)
        assert (shown >= np.min(styled[: i + 1], axis=0)).all()
        assert (shown <= np.max(styled[: i + 1], axis=0)).all()


@given(SEEDS, SIZES, STRENGTHS)
def test_blend_of_the_same_frames_then_gives_the_same_bits(seed, size, strength):
    sources, styled = clip(seed, size), clip(seed + 1, size)
    runs = []
    for _ in range(2):
        blend = open_temporal("blend", strength)
        shown = [blend(a, b, i / 30) for i, (a, b) in enumerate(zip(sources, styled, strict=True))]
        runs.append(b"".join(frame.tobytes() for frame in shown))
    assert runs[0] == runs[1]


@given(SEEDS, SIZES, STRENGTHS, STEPS_S)
def test_blend_when_the_source_is_another_picture_then_shows_styled(seed, size, strength, step_s):
    blend = open_temporal("blend", strength)
    rng = np.random.default_rng(seed)
    styled = clip(seed, size, 4)
    for i, frame in enumerate(styled):
        level = 40 if i % 2 else 200
        source = rng.integers(level - 10, level + 10, frame.shape, dtype=np.uint8)
        assert np.array_equal(blend(source, frame, i * step_s), frame)
