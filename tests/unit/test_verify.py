"""What is written is compared with what is read back, in every respect that could be wrong."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import OutputError
from livecartoon.frame import Frame, Pixels
from livecartoon.jobs.verify import Expected, Pictures, moved, verify, verify_animation
from livecartoon.sinks.animation import AnimationSink
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sinks.segments import span_of
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.probe import inspect
from tests.drawing import cut_off, moving_picture

FRAME_S = Fraction(1, 25)
INFO = VideoInfo(96, 64, FRAME_S, 1 / FRAME_S)
PICTURES = Pictures(10, Fraction(0), 9 * FRAME_S, FRAME_S, 200, "h264")
WHOLE = Expected(PICTURES, 96, 64, "yuv420p", ())


def written(path: Path, paint: Pixels | None = None) -> Path:
    with FileSink(path, INFO, EncoderSettings(preset="ultrafast")) as sink:
        for index in range(10):
            pixels = moving_picture(index, 96, 64) if paint is None else paint
            sink.write(Frame(pixels, index, FRAME_S, 1))
    return path


def test_verify_of_what_was_written_returns_the_facts(tmp_path: Path) -> None:
    assert verify(written(tmp_path / "a.mp4"), WHOLE).packets == 10


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"count": 11}, "10 of 11 frames"),
        ({"codec": "hevc"}, "h264, not hevc"),
    ],
)
def test_verify_of_other_pictures_fails(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    pictures = replace(PICTURES, **changes)  # type: ignore[arg-type]  # fields of it
    with pytest.raises(OutputError, match=f"E405.*{text}"):
        verify(written(tmp_path / "a.mp4"), replace(WHOLE, pictures=pictures))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"first_s": Fraction(1)}, "a frame of 1.000 s is at 0.000 s"),
        ({"last_s": Fraction(2)}, "a frame of 2.000 s is at 0.360 s"),
    ],
)
def test_moved_of_other_times_is_a_partial_result(
    tmp_path: Path, changes: dict[str, object], said: str | None
) -> None:
    film = written(tmp_path / "a.mp4")
    problem = moved(film, inspect(film), replace(PICTURES, **changes))  # type: ignore[arg-type]
    assert (said in problem.message) if problem and said else problem is said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"width": 98}, "size is 96x64"),
        ({"pix_fmt": "yuv420p10le"}, "pixels are yuv420p"),
        ({"sound_packets": (7,)}, "sound packets"),
        ({"streams": ("subtitle",)}, "other streams"),
    ],
)
def test_verify_of_another_file_fails(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    with pytest.raises(OutputError, match=f"E405.*{text}"):
        verify(written(tmp_path / "a.mp4"), replace(WHOLE, **changes))  # type: ignore[arg-type]


def test_verify_of_a_flat_film_fails_only_if_something_was_drawn(tmp_path: Path) -> None:
    film = written(tmp_path / "a.mp4", np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(OutputError, match=r"E405.*flat colour"):
        verify(film, WHOLE)
    faded = replace(PICTURES, span=span_of(np.zeros((64, 96, 3), np.uint8)))
    assert verify(film, replace(WHOLE, pictures=faded)).span == 0


def test_span_of_one_saturated_colour_is_nothing() -> None:
    red = np.zeros((64, 96, 3), np.uint8)
    red[..., 0] = 255
    assert span_of(red) == 0
    red[:, 48:] = 255
    assert span_of(red) > 150


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_verify_of_an_animation_counts_its_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with AnimationSink(path, INFO) as sink:
        for index in range(5):
            sink.write(Frame(moving_picture(7 * index, 96, 64), index, FRAME_S, 1))
    verify_animation(path, 5)
    with pytest.raises(OutputError, match="5 of 6 frames"):
        verify_animation(path, 6)
    with pytest.raises(OutputError, match="E405"):
        verify_animation(cut_off(path, 0.6), 5)
