"""A recording whose program dies, and sinks that are slow or fail."""

from __future__ import annotations

import subprocess
import sys
import time

import av
import numpy as np
import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.jobs.live import LiveSettings, openers, run_live
from livecartoon.sinks.base import Sink
from livecartoon.sinks.presenter import HeadlessPresenter
from livecartoon.sources.pattern import read_time_code
from tests.live import STYLES, ToyShop

pytestmark = pytest.mark.slow
RECORD = """
import sys
from pathlib import Path
from livecartoon.config import EngineOptions
from livecartoon.jobs.live import LiveSettings, run_live
from livecartoon.sinks.presenter import HeadlessPresenter
from tests.live import STYLES, ToyShop
run_live(
    LiveSettings(camera="pattern:320x180@30", show=False, record=Path(sys.argv[1])),
    EngineOptions(style="copy"), presenter=HeadlessPresenter(), make_stylizer=ToyShop(),
    styles=STYLES, on_status=lambda status: print(status.seconds, flush=True),
)
"""


@pytest.mark.parametrize(("suffix", "after_s"), [("mkv", 3.3), ("mp4", 4.1)])
def test_recording_killed_still_plays_up_to_the_last_seconds(tmp_path, suffix, after_s):
    command = [sys.executable, "-c", RECORD, str(tmp_path / f"take.{suffix}")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if float(line) > after_s:
                break
        process.kill()
    (part,) = tmp_path.iterdir()
    assert ".partial" in part.name
    with av.open(str(part)) as container:
        codes = [
            read_time_code(np.ascontiguousarray(frame.to_ndarray(format="rgb24")))
            for frame in container.decode(video=0)
        ]
    counters = [code[0] for code in codes if code]
    assert len(counters) == len(codes)
    assert counters == sorted(counters)
    assert counters[-1] - counters[0] > 30 * (after_s - 3.0)


class SlowSink(Sink):
    """Takes half a second for each picture."""

    def write(self, frame) -> None:
        time.sleep(0.5)


class FailingSink(Sink):
    """Takes three pictures."""

    def __init__(self) -> None:
        self.left = 3

    def write(self, frame) -> None:
        self.left -= 1
        if self.left < 0:
            raise OutputError("E403", "disk full", "free some space")


def test_slow_and_failing_sinks_leave_the_others_alone(tmp_path, monkeypatch):
    usual = openers.sink_openers

    def with_trouble(*given):
        more = {"slow": lambda _: ("", SlowSink()), "failing": lambda _: ("", FailingSink())}
        return dict(usual(*given)) | more

    monkeypatch.setattr("livecartoon.jobs.live.loop.sink_openers", with_trouble)
    monkeypatch.setattr(
        "livecartoon.jobs.live.loop.first_sinks", lambda _: ["null", "record", "slow", "failing"]
    )
    report = run_live(
        LiveSettings(
            camera="pattern:320x180@30", show=False, sinks=("null",),
            record=tmp_path / "take.mkv", duration_s=3,
        ),
        EngineOptions(style="copy"), presenter=HeadlessPresenter(), make_stylizer=ToyShop(),
        styles=STYLES,
    )  # fmt: skip
    null, record, slow, failing = (
        next(sink for sink in report.sinks if sink["kind"] == kind)
        for kind in ("null", "record", "slow", "failing")
    )
    assert null["frames"] > 50
    assert null["latency_ms"]["p50"] < 100
    assert record["frames"] > 50
    assert record["errors"] == 0
    assert slow["frames"] < 12
    assert slow["dropped"] > 30
    assert failing["frames"] == 3
    assert failing["errors"] == 1
    assert report.end_reason == "duration"
