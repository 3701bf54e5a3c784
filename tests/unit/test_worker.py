from __future__ import annotations

import threading
import time
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from livecartoon.config import Look
from livecartoon.frame import Frame
from livecartoon.jobs.live import worker as worker_module
from livecartoon.jobs.live.still import MOST_REUSES, StillDetector, thumbnail
from livecartoon.jobs.live.styling import StyleKey, StyleShelf
from livecartoon.jobs.live.work import Controls, Picture
from livecartoon.jobs.live.worker import Worker
from livecartoon.slot import Slot
from tests.live import LIMIT_S, ToyShop


def frame(level: int, pts: int = 0) -> Frame:
    return Frame(np.full((72, 128, 3), level, np.uint8), pts, Fraction(1, 30), 1, 0.0)


@pytest.fixture
def shop():
    return ToyShop()


@pytest.fixture
def shelf(shop):
    with StyleShelf(shop, 128, 72) as shelf:
        yield shelf


def ready(worker: Worker, shelf: StyleShelf, key: StyleKey) -> None:
    """Wish `key` and let the worker pass frames until it is on stage."""
    shelf.wish(key)
    end_s = time.monotonic() + 5
    while worker.on_stage != key:
        process(worker, frame(9))
        assert time.monotonic() < end_s
        time.sleep(0.002)


def process(worker: Worker, taken: Frame) -> Picture:
    """Both halves of the work, one after the other."""
    return worker.finish(worker.begin(taken))


def make_worker(shelf: StyleShelf, *, static_skip: bool = False) -> Worker:
    return Worker(Slot(), Slot(), tuple, shelf, static_skip=static_skip)


def test_worker_before_a_style_is_ready_passes_the_source(shelf):
    worker = make_worker(shelf)
    picture = process(worker, frame(10))
    assert picture.style is None
    assert picture.styled is picture.source
    assert worker.counts.warmup == 1
    assert worker.counts.processed.count == 0


def test_worker_styles_and_keeps_the_time(shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("invert"))
    picture = process(worker, frame(10, pts=77))
    assert (picture.styled.pixels == 245).all()
    assert picture.styled.pts == 77
    assert picture.style == "invert"


def test_worker_while_frozen_repeats_the_last_picture_with_new_times(shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    process(worker, frame(10, 1))
    worker.controls = Controls(is_frozen=True)
    picture = process(worker, frame(200, 2))
    assert (picture.styled.pixels == 10).all()
    assert picture.styled.pts == 2


def test_worker_fades_from_style_to_style(shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    process(worker, frame(9))
    ready(worker, shelf, StyleKey("invert"))
    early = process(worker, frame(9)).styled.pixels.mean()
    time.sleep(0.32)
    assert early < 200
    assert (process(worker, frame(9)).styled.pixels == 246).all()
    assert [style.name for style in worker.counts.styles] == ["copy", "invert"]


def test_worker_at_a_style_switch_while_all_moves_then_shows_the_new_style_at_once(shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    process(worker, frame(9))
    ready(worker, shelf, StyleKey("invert"))
    assert (process(worker, frame(200)).styled.pixels == 55).all()


def test_worker_passes_changed_sliders_once(shelf, shop):
    worker = make_worker(shelf)
    half = Look(strength=0.5)
    ready(worker, shelf, StyleKey.of("copy", half))
    worker.controls = Controls(half, "off")
    for _ in range(3):
        process(worker, frame(10))
    assert shop.made[0].told[-2:] == [half, "off"]


def test_worker_does_not_ask_an_engine_for_layers_it_lacks(shelf, shop):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    worker.controls = Controls(Look(strength=0.5))
    process(worker, frame(10))
    assert Look(strength=0.5) not in shop.made[0].told


def test_worker_on_a_still_picture_reuses_the_result(shelf):
    worker = make_worker(shelf, static_skip=True)
    ready(worker, shelf, StyleKey("copy"))
    process(worker, frame(100))
    before = worker.counts.processed.count
    for _ in range(3):
        process(worker, frame(100))
    process(worker, frame(120))
    assert worker.counts.skipped == 3
    assert worker.counts.processed.count == before + 1


def test_worker_on_a_still_picture_still_obeys_the_sliders(shelf):
    worker = make_worker(shelf, static_skip=True)
    ready(worker, shelf, StyleKey("copy"))
    process(worker, frame(100))
    worker.controls = Controls(Look(), "off")
    before = worker.counts.processed.count
    process(worker, frame(100))
    assert worker.counts.processed.count == before + 1


def test_worker_with_a_limit_stops_after_that_many(shelf):
    inbox: Slot[Frame] = Slot(8)
    outlet = Slot(capacity=8)
    worker = Worker(inbox, outlet, tuple, shelf, static_skip=False, limit=2)
    ready(worker, shelf, StyleKey("copy"))
    for number in range(5):
        inbox.put(frame(number))
    worker.run()
    assert worker.is_limit_reached
    assert [outlet.get(0).source.pixels[0, 0, 0] for _ in range(2)] == [0, 1]


def test_still_detector_calls_at_most_ten_in_a_row_still():
    detector = StillDetector()
    pixels = frame(50).pixels
    answers = [detector(pixels) for _ in range(MOST_REUSES + 3)]
    assert answers == [False, *[True] * MOST_REUSES, False, True]


def test_still_detector_sees_a_slow_fade():
    detector = StillDetector()
    answers = [detector(frame(level).pixels) for level in (50, 50, 51)]
    assert answers == [False, True, False]


def test_thumbnail_is_luma_of_cells():
    pixels = np.zeros((360, 640, 3), np.uint8)
    pixels[:, 320:] = (0, 255, 0)
    cells = thumbnail(pixels)
    assert cells.shape == (36, 64)
    assert (cells[:, :32] == 0).all()
    np.testing.assert_allclose(cells[:, 32:], 149.685, rtol=1e-5)


def test_worker_tells_what_each_picture_took_and_what_of_it_no_smaller_network_saves(shop, shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    worker.counts.work.take(), worker.counts.fixed.take()
    toy = shop.made[0]

    class Slow(type(toy)):
        """Draws for 60 ms, of which 20 surround the network, and steadies for 30."""

        def draw(self, taken):
            time.sleep(0.06)
            self.network_s += 0.04
            return taken

        def steady(self, drawn):
            time.sleep(0.03)
            return drawn

    toy.__class__ = Slow
    process(worker, frame(10, 1))
    (pace_ms,), (fixed_ms,) = worker.counts.work.take(), worker.counts.fixed.take()
    assert 60 <= pace_ms < 85  # the slower half's, not both
    assert fixed_ms == pytest.approx(20, abs=6)  # sleeping is not exact where cores are busy


def test_worker_when_styles_change_there_and_back_then_every_frame_is_drawn_once_and_in_time(
    shop, shelf, monkeypatch
):
    now_s, levels = 0.0, []
    clock = SimpleNamespace(monotonic=lambda: now_s)
    monkeypatch.setattr(worker_module, "time", clock)
    worker = make_worker(shelf)
    shelf.wish(StyleKey("copy"))
    end_s = time.monotonic() + LIMIT_S
    for style, level in (("invert", 245), ("copy", 10)):
        while levels[-3:] != [255 - level] * 3 or worker.on_stage is None:  # the style before
            levels.append(draw_next(worker, now_s))
            now_s += 1 / 30
            assert time.monotonic() < end_s
        shelf.wish(StyleKey(style))
        while levels[-3:] != [level] * 3:
            levels.append(draw_next(worker, now_s))
            now_s += 1 / 30
            assert time.monotonic() < end_s
    drawn = [pts for toy in shop.made for pts in toy.drawn]
    styled = range(worker.counts.warmup, len(levels))
    assert sorted(drawn) == list(styled)  # none left out, none by both engines
    rising, falling = (
        [level for level in part if 10 < level < 245] for part in split(levels[styled.start :])
    )
    for mixed in (rising, falling[::-1]):
        assert 7 <= len(mixed) <= 8  # 300 ms, without the first, all old, and the last, all new
        assert mixed == sorted(mixed)


def draw_next(worker: Worker, now_s: float) -> int:
    """Let the worker draw the frame of now; its level. The picture is that very frame's."""
    pts = round(now_s * 30)
    picture = process(worker, frame(10, pts))
    assert picture.styled.pts == picture.source.pts == pts
    time.sleep(0.001)  # the shelf is a thread of the real world
    return int(picture.styled.pixels[0, 0, 0])


def split(levels: list[int]) -> tuple[list[int], list[int]]:
    """Levels up to the last of the second style, and from there on."""
    top = len(levels) - 1 - levels[::-1].index(245)
    return levels[:top], levels[top:]


def test_worker_when_steadying_fails_then_says_so_although_no_frame_comes(shop, shelf):
    inbox: Slot[Frame] = Slot()
    outlet = Slot()
    worker = Worker(inbox, outlet, tuple, shelf, static_skip=False)
    ready(worker, shelf, StyleKey("copy"))

    class Failing(type(shop.made[0])):
        def steady(self, drawn):
            raise OSError("out of memory")

    shop.made[0].__class__ = Failing
    running = threading.Thread(target=worker.run)
    running.start()
    inbox.put(frame(10))
    running.join(LIMIT_S)
    assert not running.is_alive()
    with pytest.raises(OSError, match="out of memory"):
        outlet.get(0)


def test_worker_counts_what_it_completes_for_the_second_thread(shop, shelf):
    worker = make_worker(shelf)
    ready(worker, shelf, StyleKey("copy"))
    worker.counts.work.take()

    class Slow(type(shop.made[0])):
        def complete(self, drawn):
            time.sleep(0.05)

    shop.made[0].__class__ = Slow
    begun = worker.begin(frame(10, 1))
    worker.complete(begun)
    worker.finish(begun)
    assert worker.counts.work.take()[0] >= 50
