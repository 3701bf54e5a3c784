"""Pieces of laps: what a stopped run keeps, and what is then missing."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from livecartoon.frame import Frame
from livecartoon.jobs.stretches import before, gaps, rest_of, without_orphans
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.laps import Laps, Segment, Stretch
from livecartoon.sinks.segments import SegmentSink
from livecartoon.sources.base import VideoInfo
from tests.drawing import moving_picture

TICK = Fraction(1, 25)
LAPS = Laps(Fraction(0), Fraction(4), Fraction(1, 2))


def piece(index: int, part: int = 0, cut_s: Fraction | None = None, last: int = 0) -> Segment:
    return Segment(index, max(index, last), "", "", (index,), (1,), 0, part=part, cut_s=cut_s)


def by_key(*pieces: Segment) -> dict[tuple[int, int], Segment]:
    return {piece.key: piece for piece in pieces}


def test_gaps_of_nothing_done_are_the_whole_film() -> None:
    assert gaps({}) == [Stretch()]


def test_gaps_behind_a_cut_lap_begin_within_it() -> None:
    done = by_key(piece(0), piece(1, 0, Fraction(5)), piece(3, last=6))
    assert gaps(done) == [Stretch(1, 3, 1, Fraction(5)), Stretch(7)]
    twice = done | by_key(piece(1, 1, Fraction(6)))
    assert gaps(twice) == [Stretch(1, 3, 2, Fraction(6)), Stretch(7)]
    whole = twice | by_key(piece(1, 2), piece(2))
    assert gaps(whole) == [Stretch(7)]


def test_rest_of_a_lap_is_what_lies_behind_its_last_piece() -> None:
    done = by_key(piece(0), piece(1, 0, Fraction(5)))
    assert rest_of(done, 0) is None
    assert rest_of(done, 1) == Stretch(1, 2, 1, Fraction(5))
    assert rest_of(done, 2) == Stretch(2, 3)


def test_before_a_lap_come_the_times_of_the_one_before_if_that_is_whole() -> None:
    first, second = piece(4, 0, Fraction(17)), replace(piece(4, 1), pts=(40, 41))
    assert before(by_key(first, second), Stretch(5)) == [40, 41]
    assert before(by_key(first), Stretch(5)) == []
    assert before({}, Stretch()) == []


def test_before_the_rest_of_a_lap_come_all_its_times_and_those_before_it() -> None:
    first, second = piece(4, 0, Fraction(17)), replace(piece(4, 1, Fraction(18)), pts=(40, 41))
    rest = Stretch(4, None, 2, Fraction(18))
    assert before(by_key(first, second), rest) == [4, 40, 41]
    assert before(by_key(piece(3), first, second), rest) == [3, 4, 40, 41]


def test_rest_of_a_lap_is_drawn_from_the_run_up_of_the_lap_on() -> None:
    rest = Stretch(2, None, 1, Fraction(11))
    assert (rest.drawn_from(LAPS), rest.begins(LAPS)) == (Fraction(15, 2), Fraction(11))
    assert Stretch(0, None, 1, Fraction(3)).is_from_start


def test_pieces_without_those_before_them_are_dropped() -> None:
    kept = without_orphans(
        [piece(0, 1), piece(1, 0, Fraction(5)), piece(1, 1), piece(2), piece(2, 1)]
    )
    assert sorted(kept) == [(1, 0), (1, 1), (2, 0)]


def cut_after(folder: Path, frames: int, within_s: float, settings: EncoderSettings) -> Segment:
    """Write `frames` frames of a lap that could hold 100 and stop there."""
    found: list[Segment] = []
    info = VideoInfo(96, 64, TICK, Fraction(25))
    sink = SegmentSink(folder, Path("b.mp4"), info, settings, LAPS, found.append, Stretch())
    for index in range(frames):
        sink.write(Frame(moving_picture(index, 96, 64), index, TICK, 1))
    sink.cut(within_s)
    sink.abort()
    (made,) = found
    return made


@pytest.mark.parametrize("codec", ["libx264", "ffv1", "libvpx-vp9"])
def test_piece_when_cut_holds_every_frame(tmp_path: Path, codec: str) -> None:
    made = cut_after(tmp_path, 30, 60, EncoderSettings(codec=codec))
    assert (made.key, made.pts, made.cut_s) == ((0, 0), tuple(range(30)), Fraction(30, 25))
    assert shown_in(tmp_path / made.file) == 30


def test_piece_when_cut_in_no_time_holds_the_first_frames_without_a_hole(tmp_path: Path) -> None:
    made = cut_after(tmp_path, 30, 0, EncoderSettings(codec="libx264", extra={"bf": "3"}))
    count = len(made.pts)
    assert 1 <= count < 30  # the encoder looks further ahead than that
    assert made.pts == tuple(range(count))
    assert made.cut_s == Fraction(count, 25)
    assert shown_in(tmp_path / made.file) == count


def shown_in(path: Path) -> int:
    with av.open(str(path)) as opened:
        return sum(1 for _ in opened.decode(video=0))
