"""The flags of `convert` that choose a part, a rate, a size or a comparison."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.errors import UsageError
from livecartoon.frame import Frame
from livecartoon.size import parse_size
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect
from tests.converting import LOSSLESS, VFR, convert, frames_of, negative
from tests.drawing import ClipPlan, write_clip
from tests.everything import write_everything


def difference(one: Frame, other: Frame) -> float:
    return float(np.abs(one.pixels.astype(int) - other.pixels).mean())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"ss": Fraction(1, 10)}, range(3, 25)),
        ({"ss": Fraction(1, 10), "to": Fraction(1, 2)}, range(3, 13)),
        ({"ss": Fraction(1, 10), "duration": Fraction(2, 5)}, range(3, 13)),
        ({"to": Fraction(2, 25)}, range(2)),
        ({"ss": Fraction(24, 25)}, range(24, 25)),
    ],
)
def test_convert_of_a_part_takes_exactly_its_frames(
    tmp_path: Path, changes: dict[str, object], wanted: range
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=25, key_frames=10))
    report = convert(clip, tmp_path / "b.mkv", base=LOSSLESS, **changes)
    source, made = frames_of(clip), frames_of(tmp_path / "b.mkv")
    assert report.frames_out == len(made) == len(wanted)
    for place, frame in zip(wanted, made, strict=True):
        assert (frame.pixels == source[place].pixels).all()
    zero = changes.get("ss", Fraction(0))
    expected = [float(source[place].seconds - float(zero)) for place in wanted]  # type: ignore[arg-type]
    assert [frame.seconds for frame in made] == pytest.approx(expected, abs=0.0006)


def test_convert_of_a_part_cuts_sound_text_and_chapters_with_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", ClipPlan(frames=12, sound=("aac",)))
    everything = write_everything(tmp_path / "a.mkv", clip)
    convert(everything, tmp_path / "b.mkv", ss=Fraction(1, 10), to=Fraction(3, 10))
    made = inspect(tmp_path / "b.mkv")
    assert 0 <= made.sound[0].start_s < 0.022
    texts = [stream.texts for stream in made.streams if stream.type == "subtitle"]
    assert texts == [((0.0, "Line 0"), (0.1, "Line 1"))] * 2
    assert [(round(a, 3), round(b, 3), name) for a, b, name in made.chapters] == [
        (0.0, 0.1, "One"),
        (0.1, 0.2, "Zwei ä"),
    ]


def test_convert_of_a_part_of_a_late_start_counts_as_players_do(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(VFR, sound=()))
    with FileSource(clip) as source:
        clock_s = source.clock_s
    report = convert(clip, tmp_path / "b.mp4", ss=Fraction(2600, 12800))
    left = [pts for pts in VFR.pts or () if Fraction(pts, 12800) - clock_s >= Fraction(2600, 12800)]
    assert report.frames_out == len(left)


@pytest.mark.parametrize(
    "changes",
    [
        {"ss": Fraction(90)},
        {"ss": Fraction(2), "to": Fraction(1)},
        {"duration": Fraction(0)},
        {"to": Fraction(1), "duration": Fraction(1)},
        {"crf": 20, "bitrate": 10**6},
    ],
)
def test_convert_of_an_impossible_part_is_a_usage_error(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    with pytest.raises(UsageError, match=r"E20[23]"):
        convert(clip, tmp_path / "b.mp4", **changes)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(25), Fraction(60), Fraction(30000, 1001)])
def test_convert_at_another_rate_shows_the_nearest_frame(tmp_path: Path, rate: Fraction) -> None:
    clip = write_clip(tmp_path / "a.mp4", replace(VFR, sound=()))
    convert(clip, tmp_path / "b.mov", fps=rate)
    source, made = frames_of(clip), inspect(tmp_path / "b.mov").pts
    start = made[0]
    assert start == Fraction(6400, 12800)
    assert all(pts == start + n / rate for n, pts in enumerate(made))
    end_s = source[-1].seconds + source[-1].duration * float(source[-1].time_base)
    assert abs(float(made[-1] + 1 / rate) - end_s) <= 1 / rate
    for frame in frames_of(tmp_path / "b.mov"):
        shown = min(source, key=lambda each: difference(each, frame))
        nearest = min(abs(each.seconds - frame.seconds) for each in source)
        assert abs(shown.seconds - frame.seconds) <= nearest + 1e-6


@pytest.mark.parametrize("jobs", [1, 2])
def test_convert_at_another_rate_in_pieces_is_the_same(tmp_path: Path, jobs: int) -> None:
    slides = ClipPlan(pts=tuple(9000 * n for n in range(6)), sound=())
    clip = write_clip(tmp_path / "a.mp4", slides)
    convert(clip, tmp_path / "one.mkv", base=LOSSLESS, fps=Fraction(20))
    cut = {"fps": Fraction(20), "segment_s": Fraction(1, 3), "jobs": jobs}
    convert(clip, tmp_path / "many.mkv", base=LOSSLESS, **cut)
    assert inspect(tmp_path / "one.mkv").pts == inspect(tmp_path / "many.mkv").pts
    one, many = frames_of(tmp_path / "one.mkv"), frames_of(tmp_path / "many.mkv")
    assert all((a.pixels == b.pixels).all() for a, b in zip(one, many, strict=True))


@pytest.mark.parametrize(
    ("text", "size", "aspect"),
    [
        ("192x128", (192, 128), None),
        ("48x48", (48, 48), Fraction(3, 2)),
        ("240p", (360, 240), None),
    ],
)
def test_convert_to_another_size_keeps_the_shape(
    tmp_path: Path, text: str, size: tuple[int, int], aspect: Fraction | None
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    report = convert(clip, tmp_path / "b.mp4", size=parse_size(text))
    made = inspect(tmp_path / "b.mp4")
    assert (made.width, made.height) == report.size == size
    assert made.sample_aspect_ratio in ((aspect,) if aspect else (None, 1))


@pytest.mark.parametrize(
    ("compare", "size"), [("h", (192, 64)), ("v", (96, 128)), ("wipe", (96, 64))]
)
def test_convert_with_a_comparison_shows_both(
    tmp_path: Path, compare: str, size: tuple[int, int]
) -> None:
    clip = write_clip(tmp_path / "a.mp4", ClipPlan(frames=30))
    convert(clip, tmp_path / "b.mkv", negative, base=LOSSLESS, compare=compare)
    made, source = frames_of(tmp_path / "b.mkv")[25], frames_of(clip)[25]
    assert (made.width, made.height) == size
    first, last = made.pixels[:8, :8], made.pixels[-8:, -8:]
    assert (first == source.pixels[:8, :8]).all()
    assert (last == 255 - source.pixels[-8:, -8:]).all()
