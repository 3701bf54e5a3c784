from __future__ import annotations

import time
from fractions import Fraction
from itertools import islice

from livecartoon.sources.file import FileSource
from livecartoon.sources.paced import PacedSource
from livecartoon.sources.pattern import PatternSource
from tests.drawing import write_clip
from tests.handles import open_files


def card() -> PatternSource:
    return PatternSource(160, 90, Fraction(50), frames=4)


def test_paced_source_plays_in_the_time_of_its_stamps():
    start_s = time.monotonic()
    frames = list(PacedSource(card))
    assert 0.055 <= time.monotonic() - start_s < 1
    assert [frame.pts for frame in frames] == [0, 1, 2, 3]
    assert all(frame.captured_s and frame.captured_s >= start_s for frame in frames)


def test_paced_source_when_looped_goes_on_counting():
    with PacedSource(card, is_looped=True) as source:
        assert source.info.is_live
        assert [frame.pts for frame in islice(source, 10)] == list(range(10))


def test_paced_source_of_nothing_ends_even_when_looped():
    source = PacedSource(lambda: PatternSource(160, 90, frames=0), is_looped=True)
    assert list(source) == []


def test_paced_source_closed_twice_closes_the_file_it_plays(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    source = PacedSource(lambda: FileSource(clip))
    next(iter(source))
    assert open_files(tmp_path) == ["clip.mp4"]
    source.close()
    source.close()
    assert open_files(tmp_path) == []


def test_paced_source_over_a_long_gap_does_not_wait():
    def slow_card() -> PatternSource:
        return PatternSource(160, 90, Fraction(1, 60), frames=3)

    start_s = time.monotonic()
    assert len(list(PacedSource(slow_card))) == 3
    assert time.monotonic() - start_s < 2
