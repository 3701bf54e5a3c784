import numpy as np
import pytest

from livecartoon.temporal.blend import Blend, time_constant_s
from tests.drawing import drawn_photo

WIDTH, HEIGHT = 128, 96


def camera(count, noise=3.0, seed=0):
    """A still photo seen by a noisy camera, and a style that doubles its contrast."""
    rng = np.random.default_rng(seed)
    photo = drawn_photo(WIDTH, HEIGHT).astype(np.float32)
    frames = [photo + rng.normal(0, noise, photo.shape) for _ in range(count)]
    sources = [np.clip(frame, 0, 255).astype(np.uint8) for frame in frames]
    styled = [np.clip(2 * frame - 128, 0, 255).astype(np.uint8) for frame in frames]
    return sources, styled


def run(blend, sources, styled, fps=30.0):
    pairs = zip(sources, styled, strict=True)
    return [blend(source, frame, i / fps) for i, (source, frame) in enumerate(pairs)]


def spread(frames):
    return float(np.stack(frames).astype(np.float32).std(axis=0).mean())


@pytest.mark.parametrize(("strength", "tau_s"), [(0, 0), (0.2, 0.069), (0.6, 0.203), (1, 0.6)])
def test_time_constant_of_a_strength_then_is_as_documented(strength, tau_s):
    assert time_constant_s(strength) == pytest.approx(tau_s, abs=1e-3)


def test_blend_of_a_still_camera_then_removes_most_of_the_flicker():
    sources, styled = camera(40)
    assert spread(run(Blend(0.6), sources, styled)[15:]) < 0.4 * spread(styled[15:])


def test_blend_when_stronger_then_is_steadier():
    sources, styled = camera(40)
    spreads = [spread(run(Blend(s), sources, styled)[15:]) for s in (0.2, 0.6, 1.0)]
    assert spreads == sorted(spreads, reverse=True)


def test_blend_at_other_frame_rates_then_follows_in_the_same_time():
    """A style that fades by itself (the source rests) is half-way after the same time."""
    source = drawn_photo(WIDTH, HEIGHT)
    levels = []
    for fps in (15, 30, 60):
        blend = Blend(0.6)
        for i in range(fps):
            blend(source, np.zeros_like(source), i / fps)
        for i in range(fps, fps + fps // 5 + 1):
            shown = blend(source, np.full_like(source, 200), i / fps)
        levels.append(float(shown.mean()))
    assert max(levels) - min(levels) < 0.12 * 200


def test_blend_when_the_style_drifts_by_one_level_then_is_not_stuck():
    sources, _ = camera(61, noise=1.0)
    blend = Blend(1.0)
    for i, source in enumerate(sources):
        shown = blend(source, np.full_like(source, 100 + (i > 5)), i / 30)
    assert (shown == 101).all()


def test_blend_when_an_object_moves_then_leaves_no_trail():
    sources, _ = camera(30, noise=2.0)
    styled = [source.copy() for source in sources]
    for i, (source, frame) in enumerate(zip(sources, styled, strict=True)):
        for picture in (source, frame):
            picture[30:60, 2 * i + 4 : 2 * i + 24] = (230, 40, 40)
    shown = run(Blend(0.6), sources, styled)[-1].astype(int)
    behind = np.s_[30:60, 2 * 29 - 16 : 2 * 29]
    assert np.abs(shown[behind] - sources[-1][behind].astype(int)).mean() < 3
    assert np.abs(shown - styled[-1])[30:60, 70:80].max() == 0


def test_blend_when_frames_are_repeated_then_still_steadies():
    sources, styled = camera(40)
    twice = [frame for frame in sources for _ in range(2)], [f for f in styled for _ in range(2)]
    assert spread(run(Blend(0.6), *twice, fps=60.0)[30:]) < 0.5 * spread(styled[15:])


def test_blend_when_only_the_style_changes_then_follows_within_a_second():
    source = drawn_photo(WIDTH, HEIGHT)
    blend = Blend(0.6)
    for i in range(40):
        shown = blend(source, source if i < 5 else 255 - source, i / 30)
    assert np.abs(shown.astype(int) - (255 - source)).max() <= 2


def test_blend_when_the_exposure_steps_then_follows_at_once_and_stays_steady():
    sources, _ = camera(40, noise=2.0)
    gains = [1.0 if i < 20 else 1.03 for i in range(40)]
    sources = [
        np.clip(s * gain, 0, 255).astype(np.uint8) for s, gain in zip(sources, gains, strict=True)
    ]
    styled = [np.clip(2.0 * s - 128, 0, 255).astype(np.uint8) for s in sources]
    shown = run(Blend(1.0), sources, styled)
    assert float(shown[20].mean()) == pytest.approx(float(styled[20].mean()), abs=0.7)
    assert spread(shown[22:]) < 0.5 * spread(styled[22:])
    assert np.abs(shown[20].astype(int) - styled[20]).mean() > 0.4  # the gate stayed shut


def test_blend_after_a_cut_then_is_a_true_mean_at_first():
    sources, styled = camera(5, noise=6.0)
    truth = np.clip(2 * drawn_photo(WIDTH, HEIGHT).astype(np.float32) - 128, 0, 255)
    shown = run(Blend(1.0), sources, styled)
    assert np.abs(shown[4] - truth).mean() < 0.6 * np.abs(styled[4] - truth).mean()
