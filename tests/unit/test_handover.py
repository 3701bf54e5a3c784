import threading
import time

import pytest

from livecartoon.jobs.live.ending import start_thread
from livecartoon.jobs.live.handover import Handover

LIMIT_S = 30.0


def test_handover_then_deals_with_everything_in_order():
    handover, dealt = Handover(), []
    thread = start_thread("taker", lambda: handover.work(dealt.append))
    for number in range(200):
        handover.put(number)
    handover.close()
    thread.join(LIMIT_S)
    assert dealt == list(range(200))


def test_settle_then_waits_until_the_last_thing_is_dealt_with():
    handover, dealt = Handover(), []

    def slowly(number: int) -> None:
        time.sleep(0.05)
        dealt.append(number)

    thread = start_thread("taker", lambda: handover.work(slowly))
    handover.put(1)
    handover.put(2)
    handover.settle()
    assert dealt == [1, 2]
    handover.close()
    thread.join(LIMIT_S)


def test_put_while_the_taker_has_not_begun_with_the_one_before_then_waits():
    handover, begun, may_end = Handover(), threading.Semaphore(0), threading.Event()

    def held(number: int) -> None:
        begun.release()
        may_end.wait(LIMIT_S)

    thread = start_thread("taker", lambda: handover.work(held))
    handover.put(1)
    assert begun.acquire(timeout=LIMIT_S)
    completed = []
    handover.put(2, completed.append)
    third = start_thread("giver", lambda: handover.put(3, completed.append))
    third.join(0.2)
    assert third.is_alive()
    assert completed == [3]  # 2 did not have to wait
    may_end.set()
    third.join(LIMIT_S)
    assert not third.is_alive()
    handover.close()
    thread.join(LIMIT_S)


def test_put_and_settle_after_the_taker_failed_then_raise_what_it_raised():
    handover = Handover()

    def fails(number: int) -> None:
        raise OSError("disk full")

    thread = start_thread("taker", lambda: handover.work(fails))
    handover.put(1)
    thread.join(LIMIT_S)
    for again in (lambda: handover.put(2), handover.settle, handover.check):
        with pytest.raises(OSError, match="disk full"):
            again()
