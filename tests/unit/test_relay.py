import threading
import time

import pytest

from livecartoon.jobs.live.ending import start_thread
from livecartoon.jobs.live.relay import Relay

LIMIT_S = 30.0


def test_relay_then_deals_with_everything_in_order():
    relay, dealt = Relay(), []
    thread = start_thread("taker", lambda: relay.work(dealt.append))
    for number in range(200):
        relay.put(number)
    relay.close()
    thread.join(LIMIT_S)
    assert dealt == list(range(200))


def test_settle_then_waits_until_the_last_thing_is_dealt_with():
    relay, dealt = Relay(), []

    def slowly(number: int) -> None:
        time.sleep(0.05)
        dealt.append(number)

    thread = start_thread("taker", lambda: relay.work(slowly))
    relay.put(1)
    relay.put(2)
    relay.settle()
    assert dealt == [1, 2]
    relay.close()
    thread.join(LIMIT_S)


def test_put_while_the_taker_has_not_begun_with_the_one_before_then_waits():
    relay, begun, may_end = Relay(), threading.Semaphore(0), threading.Event()

    def held(number: int) -> None:
        begun.release()
        may_end.wait(LIMIT_S)

    thread = start_thread("taker", lambda: relay.work(held))
    relay.put(1)
    assert begun.acquire(timeout=LIMIT_S)
    completed = []
    relay.put(2, completed.append)
    third = start_thread("giver", lambda: relay.put(3, completed.append))
    third.join(0.2)
    assert third.is_alive()
    assert completed == [3]  # 2 did not have to wait
    may_end.set()
    third.join(LIMIT_S)
    assert not third.is_alive()
    relay.close()
    thread.join(LIMIT_S)


def test_put_and_settle_after_the_taker_failed_then_raise_what_it_raised():
    relay = Relay()

    def fails(number: int) -> None:
        raise OSError("disk full")

    thread = start_thread("taker", lambda: relay.work(fails))
    relay.put(1)
    thread.join(LIMIT_S)
    for again in (lambda: relay.put(2), relay.settle, relay.check):
        with pytest.raises(OSError, match="disk full"):
            again()


def test_drop_then_forgets_what_waits_and_nothing_else():
    relay, begun, may_end, dealt = Relay(), threading.Semaphore(0), threading.Event(), []

    def held(number: int) -> None:
        begun.release()
        may_end.wait(LIMIT_S)
        dealt.append(number)

    thread = start_thread("taker", lambda: relay.work(held))
    relay.put(1)
    assert begun.acquire(timeout=LIMIT_S)
    relay.put(2)
    relay.drop()
    relay.put(3)
    may_end.set()
    relay.close()
    thread.join(LIMIT_S)
    assert dealt == [1, 3]
