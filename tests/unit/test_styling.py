from __future__ import annotations

import time

import pytest

from livecartoon.config import Look
from livecartoon.jobs.live.styling import Prepared, StyleKey, StyleShelf, warm_up
from tests.live import ToyShop, ToyStylizer


def wait_for(take, timeout_s: float = 5.0):
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if (found := take()) is not None:
            return found
        time.sleep(0.002)
    raise AssertionError("nothing came")


def test_shelf_prepares_a_warm_stylizer_beside_the_caller():
    shop = ToyShop()
    with StyleShelf(shop, 32, 18) as shelf:
        assert shelf.take() is None
        shelf.wish(StyleKey("invert"))
        prepared = wait_for(shelf.take)
    assert prepared.key.style == "invert"
    assert shop.made[0].told == ["reset"]  # after some black frames
    assert shop.made[0].is_closed


def test_shelf_knows_how_long_a_warm_frame_took():
    with StyleShelf(ToyShop(delay_s=0.02), 32, 18) as shelf:
        shelf.wish(StyleKey("invert"))
        wait_for(shelf.take)
        assert 20 <= shelf.warmup_ms(StyleKey("invert")) < 200
        assert shelf.warmup_ms(StyleKey("copy")) == 0


def test_warm_up_of_a_slow_stylizer_times_one_frame_only():
    stylizer = ToyStylizer("copy", delay_s=0.2)
    start_s = time.monotonic()
    assert warm_up(stylizer, 32, 18) >= 200
    assert time.monotonic() - start_s < 0.6


def test_shelf_makes_a_style_once():
    shop = ToyShop()
    with StyleShelf(shop, 32, 18) as shelf:
        taken: list[Prepared] = []
        for style in ("copy", "invert", "copy"):
            shelf.wish(StyleKey(style))
            taken.append(wait_for(shelf.take))
    assert len(shop.made) == 2
    assert taken[0].stylizer is taken[2].stylizer


def test_shelf_closes_old_stylizers_but_never_the_one_on_stage():
    shop = ToyShop()
    with StyleShelf(shop, 32, 18) as shelf:
        shelf.wish(StyleKey("on stage"))
        wait_for(shelf.take)
        for style in ("a", "b", "c", "d", "e", "f"):
            shelf.wish(StyleKey(style))
            wait_for(lambda style=style: shop.made[-1].style == style or None)
        wait_for(lambda: sum(s.is_closed for s in shop.made) == 2 or None)
        assert not shop.made[0].is_closed
        assert not shop.made[-1].is_closed
    assert all(s.is_closed for s in shop.made)


def test_shelf_that_cannot_make_a_style_says_why_once():
    with StyleShelf(ToyShop(), 32, 18) as shelf:
        shelf.wish(StyleKey("broken"))
        key, error = wait_for(shelf.failure)
        assert (key.style, error.code) == ("broken", "E601")
        assert shelf.failure() is None


def test_shelf_with_a_bug_in_the_maker_raises_it_in_the_worker():
    def make(key, width, height):
        raise ZeroDivisionError

    with StyleShelf(make, 32, 18) as shelf:
        shelf.wish(StyleKey("copy"))
        with pytest.raises(ZeroDivisionError):
            wait_for(shelf.take)


def test_style_key_knows_which_looks_it_can_draw():
    key = StyleKey.of("copy", Look(strength=0.5))
    assert key.layers == ("strength",)
    assert key.can_draw("copy", Look(strength=0.9))
    assert key.can_draw("copy", Look())
    assert not key.can_draw("copy", Look(keep_color=0.5))
    assert not key.can_draw("invert", Look())
