from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from livecartoon.slot import Slot, SlotClosed


def test_get_after_put_returns_the_item():
    slot: Slot[int] = Slot()
    assert slot.put(7)
    assert slot.get(0) == 7


def test_put_into_a_full_slot_keeps_the_newest_and_counts():
    slot: Slot[int] = Slot()
    for number in range(5):
        slot.put(number)
    assert (slot.get(0), slot.dropped) == (4, 4)


def test_put_into_a_longer_slot_drops_the_oldest():
    slot: Slot[int] = Slot(capacity=3)
    for number in range(5):
        slot.put(number)
    assert [slot.get(0) for _ in range(3)] == [2, 3, 4]
    assert slot.dropped == 2


def test_get_from_an_empty_slot_times_out():
    slot: Slot[int] = Slot()
    start_s = time.monotonic()
    assert slot.get(0.03) is None
    assert time.monotonic() - start_s >= 0.02


def test_close_lets_the_kept_item_be_taken_then_ends():
    slot: Slot[int] = Slot()
    slot.put(1)
    slot.close()
    slot.close()
    assert not slot.put(2)
    assert slot.get(0) == 1
    with pytest.raises(SlotClosed):
        slot.get(0)


def test_close_wakes_a_waiting_reader_at_once():
    slot: Slot[int] = Slot()
    threading.Timer(0.02, slot.close).start()
    start_s = time.monotonic()
    with pytest.raises(SlotClosed):
        slot.get(5)
    assert time.monotonic() - start_s < 2


def test_put_wakes_a_waiting_reader():
    slot: Slot[int] = Slot()
    threading.Timer(0.02, slot.put, (3,)).start()
    assert slot.get(5) == 3


def test_producer_that_fails_hands_its_exception_to_the_reader():
    slot: Slot[int] = Slot()

    def produce() -> None:
        with slot:
            slot.put(1)
            raise OSError("cable pulled")

    thread = threading.Thread(target=produce)
    thread.start()
    thread.join()
    for _ in range(2):
        with pytest.raises(OSError, match="cable pulled"):
            slot.get(1)


def test_producer_whose_own_input_ended_just_closes():
    ended: Slot[int] = Slot()
    ended.close()
    slot: Slot[int] = Slot()
    with slot:
        ended.get(0)
    with pytest.raises(SlotClosed):
        slot.get(0)


def test_first_failure_stays():
    slot: Slot[int] = Slot()
    slot.fail(OSError("first"))
    slot.fail(OSError("second"))
    with pytest.raises(OSError, match="first"):
        slot.get(0)


def test_two_threads_lose_only_what_is_counted():
    slot: Slot[int] = Slot()
    taken: list[int] = []

    def produce() -> None:
        with slot:
            for number in range(2000):
                slot.put(number)

    thread = threading.Thread(target=produce)
    thread.start()
    with suppress(SlotClosed):
        while True:
            number = slot.get(1)
            if number is not None:
                taken.append(number)
    thread.join()
    assert taken == sorted(set(taken))
    assert taken[-1] == 1999
    assert len(taken) + slot.dropped == 2000
