import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.frame import Frame
from livecartoon.pipeline import lane_depth, run
from livecartoon.sinks.memory import MemorySink
from livecartoon.sources.base import VideoInfo
from tests.drawing import moving_picture

COUNT = 20
ROOT = Path(__file__).parents[2]


class Frames:
    """A source in memory."""

    info = VideoInfo(32, 24, Fraction(1, 30))

    def __iter__(self):
        for i in range(COUNT):
            yield Frame(np.ascontiguousarray(moving_picture(i, 32, 24)), i, Fraction(1, 30))


class Halves:
    """Adds one in each half and notes the threads."""

    def __init__(self, fails_at=None):
        self.fails_at = fails_at
        self.threads = {"draw": set(), "steady": set()}
        self.order = []
        self.completed = []

    def complete(self, drawn):
        self.completed.append(drawn[0].pts)

    def draw(self, frame):
        self.threads["draw"].add(threading.get_ident())
        return frame, frame.pixels // 2

    def steady(self, drawn):
        frame, styled = drawn
        self.threads["steady"].add(threading.get_ident())
        self.order.append(frame.pts)
        if frame.pts == self.fails_at:
            raise ZeroDivisionError
        return replace(frame, pixels=styled + 1)


def test_run_of_a_staged_stylizer_then_gives_each_half_a_thread_and_keeps_the_order():
    halves, sink = Halves(), MemorySink()
    report = run(Frames(), halves, sink)
    assert report.frames == COUNT
    assert halves.order == [frame.pts for frame in sink.frames] == list(range(COUNT))
    assert halves.threads["draw"] == {threading.get_ident()}
    assert len(halves.threads["steady"]) == 1
    assert not halves.threads["steady"] & halves.threads["draw"]
    assert np.array_equal(sink.frames[3].pixels, moving_picture(3, 32, 24) // 2 + 1)


@pytest.mark.parametrize("slow", ["draw", "steady"])
def test_run_then_the_first_half_completes_only_what_the_second_is_not_ready_for(slow):
    class Slow(Halves):
        def draw(self, frame):
            time.sleep(0.02 * (slow == "draw"))
            return super().draw(frame)

        def steady(self, drawn):
            time.sleep(0.02 * (slow == "steady"))
            return super().steady(drawn)

    halves, sink = Slow(), MemorySink()
    run(Frames(), halves, sink)
    assert len(sink.frames) == COUNT
    most = halves.completed == sorted(set(halves.completed)) and len(halves.completed)
    assert most > COUNT / 2 if slow == "steady" else most < COUNT / 2


@pytest.mark.parametrize(
    ("size", "depth"), [((640, 360), 3), ((3840, 2160), 3), ((7680, 4320), 1), ((16384, 4096), 1)]
)
def test_lane_depth_of_huge_frames_is_less(size, depth):
    assert lane_depth(VideoInfo(*size, Fraction(1, 30))) == depth


def test_run_when_the_second_half_fails_then_raises_it_here():
    with pytest.raises(ZeroDivisionError):
        run(Frames(), Halves(fails_at=5), MemorySink())


def test_run_of_a_plain_function_then_works_as_before():
    sink = MemorySink()
    run(Frames(), lambda frame: replace(frame, pixels=255 - frame.pixels), sink)
    assert np.array_equal(sink.frames[7].pixels, 255 - moving_picture(7, 32, 24))


@pytest.mark.parametrize("is_staged", [False, True])
def test_run_when_interrupted_then_writes_what_was_drawn_before(is_staged):
    class Interrupted(Halves):
        def draw(self, frame):
            if frame.pts == 9:
                raise KeyboardInterrupt
            return super().draw(frame)

    class SlowSink(MemorySink):
        def write(self, frame):
            threading.Event().wait(0.02)
            super().write(frame)

    halves, sink = Interrupted(), SlowSink()
    plain = lambda frame: halves.steady(halves.draw(frame))  # noqa: E731
    with pytest.raises(KeyboardInterrupt):
        run(Frames(), halves if is_staged else plain, sink)
    assert [frame.pts for frame in sink.frames] == list(range(9))


def test_run_when_interrupted_twice_then_ends_without_writing_more():
    # In a process of its own: pools of threads that other tests left behind take signals too.
    code = "from tests.unit.test_pipeline_stages import interrupt_twice; interrupt_twice()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def interrupt_twice():
    # A process that was started in the background inherits deaf ears for Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupted = threading.Event()

    class Interrupted(Halves):
        def draw(self, frame):
            if frame.pts == 9:
                interrupted.set()
                raise KeyboardInterrupt
            return super().draw(frame)

    class StuckSink(MemorySink):
        def write(self, frame):
            if interrupted.wait(0.2):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)
            super().write(frame)

    sink = StuckSink()
    with pytest.raises(KeyboardInterrupt):
        run(Frames(), Interrupted(), sink)
    assert len(sink.frames) < 9
    assert threading.active_count() == 1


def test_run_when_a_thread_is_interrupted_then_all_stages_end():
    class Interrupted(Halves):
        def steady(self, drawn):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Frames(), Interrupted(), MemorySink())
