"""Damaged files end in our own errors, in few frames, or in all of them; never otherwise."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import InputError
from livecartoon.sources.file import FileSource
from livecartoon.sources.pictures import read_picture
from livecartoon.sources.probe import inspect
from livecartoon.sources.tracks import Tracks
from tests.drawing import ClipPlan, cut_off, damage, moving_picture, write_clip

PLANS = {
    "h264.mp4": ClipPlan(),
    "ffv1.mkv": ClipPlan(codec="ffv1", options=(), sound=("flac",)),
    "vp9.webm": ClipPlan(
        codec="libvpx-vp9", options=(("deadline", "realtime"),), sound=("libopus",)
    ),
    "mpeg4.avi": ClipPlan(codec="mpeg4", options=(), sound=("pcm_s16le",), ticks=25),
    "mpeg2.mpg": ClipPlan(codec="mpeg2video", options=(), sound=("mp2",), ticks=25),
}
ROUNDS = 12


def read_all(path: Path) -> None:
    for on_error in ("abort", "repeat"):
        with FileSource(path, on_error=on_error) as source:  # type: ignore[arg-type]
            last = -(2**62)
            for frame in source:
                assert frame.pixels.shape == (source.info.height, source.info.width, 3)
                assert frame.pts > last
                last = frame.pts
            source.warnings()
    tracks = Tracks(path)
    for _ in tracks.packets({stream.index for stream in tracks.streams}):
        pass
    tracks.close()
    inspect(path)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("fuzz")
    return {name: write_clip(folder / name, plan).read_bytes() for name, plan in PLANS.items()}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_file_source_of_noise_in_the_file_raises_only_our_errors(
    tmp_path: Path, originals: dict[str, bytes], name: str
) -> None:
    path = tmp_path / name
    for seed in range(ROUNDS):
        path.write_bytes(originals[name])
        damage(path, (0.001, 0.01, 0.1)[seed % 3], seed, start=(0.0, 0.1, 0.5)[seed // 3 % 3])
        with suppress(InputError):
            read_all(path)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_file_source_of_a_cut_off_file_raises_only_our_errors(
    tmp_path: Path, originals: dict[str, bytes], name: str
) -> None:
    path = tmp_path / name
    for step in range(ROUNDS):
        path.write_bytes(originals[name])
        cut_off(path, step / ROUNDS)
        with suppress(InputError):
            read_all(path)


def test_file_source_of_random_bytes_raises_only_our_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("a.mp4", "a.mkv", "a.avi", "a.webm", "a.mpg", "a.gif"):
        path = tmp_path / name
        path.write_bytes(rng.integers(0, 256, 5000, dtype=np.uint8).tobytes())
        with pytest.raises(InputError):
            read_all(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp", "tiff"])
def test_read_picture_of_damage_raises_only_our_errors(tmp_path: Path, suffix: str) -> None:
    from livecartoon.sinks.pictures import encode_picture

    path = tmp_path / f"a.{suffix}"
    whole = encode_picture(path, moving_picture(1, 96, 64))
    for seed in range(2 * ROUNDS):
        path.write_bytes(whole)
        if seed % 2:
            damage(path, 0.02, seed)
        else:
            cut_off(path, seed / 2 / ROUNDS)
        with suppress(InputError):
            assert read_picture(path).pixels.ndim == 3
