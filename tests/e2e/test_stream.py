"""Live streams sent to receivers on this machine that decode the time code."""

from __future__ import annotations

import time

import numpy as np
import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import UsageError
from livecartoon.jobs.live import LiveReport, LiveSettings, run_live
from livecartoon.sinks import stream
from livecartoon.sinks.presenter import HeadlessPresenter
from tests.live import STYLES, ToyShop
from tests.receiver import Receiver, free_port

pytestmark = pytest.mark.slow
FRAME_MS = 1000 / 30


class Until(HeadlessPresenter):
    """Ends the run when it has what it waits for."""

    def __init__(self, is_enough, limit_s: float = 25) -> None:
        super().__init__()
        self._is_enough, self._end_s = is_enough, time.monotonic() + limit_s

    def pressed(self) -> list[str]:
        return ["q"] if self._is_enough() or time.monotonic() > self._end_s else []


def send(url: str, is_enough) -> LiveReport:
    return run_live(
        LiveSettings(
            camera="pattern:320x180@30", show=False, sinks=("null",), stream=url, static_skip=False
        ),
        EngineOptions(style="copy"),
        presenter=Until(is_enough),
        make_stylizer=ToyShop(),
        styles=STYLES,
    )


@pytest.mark.parametrize("scheme", ["udp", "rtmp", "rtsp"])
def test_stream_arrives_in_order_and_as_late_as_reported(scheme):
    with Receiver(scheme) as receiver:
        report = send(receiver.url, lambda: len(receiver.counters) > 70)
    sink = next(sink for sink in report.sinks if sink["kind"] == "stream")
    assert len(receiver.counters) > 70, receiver.problem
    assert receiver.counters == sorted(receiver.counters)
    assert receiver.unreadable == 0
    added_ms = float(np.median(receiver.ages_ms[30:])) - sink["latency_ms"]["p50"]
    assert -5 < added_ms < 2 * FRAME_MS  # a frame in the receiver's parser, and the encoder
    assert sink["errors"] == 0


def test_stream_without_a_receiver_stalls_nobody_and_ends_soon():
    url = f"rtmp://me:secret@127.0.0.1:{free_port()}/live/key"
    end_s = time.monotonic() + 2.5
    report = send(url, lambda: time.monotonic() > end_s)
    assert time.monotonic() < end_s + 10  # a call that nobody takes would wait for minutes
    null, stream = (next(s for s in report.sinks if s["kind"] == k) for k in ("null", "stream"))
    assert null["frames"] > 40
    assert stream["frames"] == 0
    assert stream["dropped"] > 40
    assert "secret" not in str(report.as_json())
    assert "key" not in stream["target"]


def test_stream_to_a_receiver_that_comes_back_goes_on(monkeypatch):
    told = []  # whatever other tests have done to the program's logging
    monkeypatch.setattr(stream.log, "warning", lambda text, *words: told.append(text % words))
    first = Receiver("rtmp")
    second = Receiver("rtmp")
    second.url = first.url
    state = {"first": False}

    def is_enough() -> bool:
        if not state["first"] and len(first.counters) > 20:
            state["first"] = True
            first.__exit__()
            second.__enter__()
        return len(second.counters) > 20

    first.__enter__()
    try:
        report = send(first.url, is_enough)
    finally:
        (second if state["first"] else first).__exit__()
    assert len(second.counters) > 20, second.problem
    assert report.frames["dropped"] < report.frames["captured"] / 2
    assert sum("trying again" in line for line in told) == 1


def test_stream_to_an_unknown_kind_of_receiver_is_a_usage_error():
    with pytest.raises(UsageError, match="cannot stream"):
        LiveSettings(stream="srt://somewhere")
