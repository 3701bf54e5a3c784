"""Networks that take too much memory are drawn in tiles, then smaller, then not at all."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from livecartoon.backends.base import EngineSpec
from livecartoon.backends.ladder import Rung, is_local, open_within, resident_bytes, rungs
from livecartoon.backends.tiles import TiledEngine, cuts, tile_spec
from livecartoon.errors import EngineError, UsageError
from tests.drawing import drawn_photo, write_paper, write_student

SPEC = EngineSpec(None, "none", 640, 360, reduction=2)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class Blur:
    """An engine that looks eight pixels around, and takes as much memory as it is told."""

    def __init__(self, spec, bytes_a_pixel=0):
        self.spec, self.is_open = spec, True
        self.ballast = np.ones(bytes_a_pixel * spec.width * spec.height // spec.reduction**2, "u1")

    def __call__(self, pixels):
        assert pixels.shape == (self.spec.height, self.spec.width, 3)
        sums = np.pad(pixels.astype(np.uint32), ((8, 8), (8, 8), (0, 0)), mode="edge")
        for axis in (0, 1):
            sums = np.lib.stride_tricks.sliding_window_view(sums, 17, axis).sum(-1)
        return (sums // 289).astype(np.uint8)

    def reset(self):
        pass

    def close(self):
        self.is_open, self.ballast = False, None


def test_rungs_go_from_tiles_to_smaller_sizes():
    found = list(rungs(SPEC, 1, may_tile=True, may_shrink=True))
    assert found == [Rung(1, 2), Rung(2, 2), Rung(1, 3), Rung(1, 4), Rung(1, 5)]
    assert list(rungs(SPEC, 1, may_tile=False, may_shrink=False)) == [Rung(1, 2)]
    assert list(rungs(SPEC, 2, may_tile=True, may_shrink=False)) == [Rung(2, 2)]


@pytest.mark.parametrize("side", [1, 7, 64, 333, 640, 1080])
@pytest.mark.parametrize("tiles", [1, 2, 3, 4])
def test_cuts_cover_a_side_once_and_stay_inside(side, tiles):
    spec = replace(SPEC, width=side, height=side)
    tile = tile_spec(spec, tiles).width
    found = cuts(side, tile, tiles, 16)
    assert [first for _, first, _ in found] == [0, *(last for _, _, last in found[:-1])]
    assert found[-1][2] == side
    for start, first, last in found:
        assert 0 <= start <= first < last <= start + tile <= side


@pytest.mark.parametrize("size", [(640, 360), (333, 187), (128, 96)])
@pytest.mark.parametrize("tiles", [2, 3])
def test_tiled_engine_of_a_local_style_draws_the_same(size, tiles):
    spec = replace(SPEC, width=size[0], height=size[1], reduction=1)
    photo = drawn_photo(*size)
    tiled = TiledEngine(Blur(tile_spec(spec, tiles)), spec, tiles)
    assert np.array_equal(tiled(photo), Blur(spec)(photo))
    assert np.array_equal(tiled.begin(photo)(), tiled(photo))
    assert tiled.fork() is False
    assert tiled.ahead(photo) is None


def test_is_local_of_styles_that_see_the_whole_frame_is_false(tmp_path):
    student = write_student(tmp_path / "a.safetensors")
    paper = write_paper(tmp_path / "b.safetensors")
    assert is_local(SPEC)
    assert is_local(replace(SPEC, weights=student))
    assert not is_local(replace(SPEC, weights=student, layers=("keep_color",)))
    assert not is_local(replace(SPEC, weights=paper))


@linux
def test_open_within_a_limit_steps_down_until_it_holds():
    made = []

    def heavy(spec):
        made.append(Blur(spec, bytes_a_pixel=4000))  # 230 MB for the whole
        return made[-1]

    limit = resident_bytes() + (180 << 20)
    steps = rungs(SPEC, 1, may_tile=True, may_shrink=True)
    engine, rung, notes = open_within(limit, SPEC, steps, "cpu", heavy)
    assert rung == Rung(2, 2)
    assert engine(drawn_photo(640, 360)).shape == (360, 640, 3)
    assert len(notes) == 1
    assert "at 320x180 a run takes" in notes[0]
    assert [one.is_open for one in made] == [False, True]


@linux
def test_open_within_nothing_raises_what_is_needed_and_allowed():
    def heavy(spec):
        return Blur(spec, bytes_a_pixel=4000)

    steps = rungs(SPEC, 1, may_tile=False, may_shrink=True)
    with pytest.raises(EngineError, match=r"E506.*at 128x72 a run takes \d+ MiB, \d+ are allowed"):
        open_within(resident_bytes() + (40 << 20), SPEC, steps, "cpu", heavy, later=20 << 20)


@linux
def test_open_within_less_than_the_process_takes_opens_nothing():
    steps = rungs(SPEC, 1, may_tile=False, may_shrink=True)
    message = r"E506.*before any engine a run takes \d+ MiB, 32 are allowed"
    with pytest.raises(EngineError, match=message):
        open_within(32 << 20, SPEC, steps, "cpu", pytest.fail)


def test_open_within_no_limit_takes_the_next_where_one_does_not_fit():
    def full(spec):
        if spec.reduction < 4:
            raise EngineError("E506", "does not fit")
        return Blur(spec)

    steps = rungs(SPEC, 1, may_tile=False, may_shrink=True)
    _, rung, notes = open_within(None, SPEC, steps, "cpu", full)
    assert rung == Rung(1, 4)
    assert notes == ("at 320x180 it does not fit on cpu", "at 214x120 it does not fit on cpu")


def test_open_within_raises_other_failures_at_once():
    def broken(spec):
        raise EngineError("E504", "no")

    steps = rungs(SPEC, 1, may_tile=True, may_shrink=True)
    with pytest.raises(EngineError, match="E504"):
        open_within(None, SPEC, steps, "cpu", broken)


@pytest.mark.skipif(sys.platform == "linux", reason="it can be kept here")
def test_open_within_a_limit_elsewhere_says_that_it_cannot_be_kept():
    with pytest.raises(UsageError, match="E201"):
        open_within(1 << 30, SPEC, rungs(SPEC, 1, may_tile=False, may_shrink=False), "cpu", Blur)
