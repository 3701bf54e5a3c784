import json

import pytest

from livecartoon.cli.session import Session
from livecartoon.cli.status import (
    BarStatus,
    JsonStatus,
    Meter,
    NoStatus,
    PlainStatus,
    Progress,
    clock_text,
    describe,
    open_status,
    size_text,
)


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def test_meter_when_not_steady_then_no_forecast(clock):
    meter = Meter(clock)
    clock.now_s += 2
    assert meter.measure(20, 100) == (10.0, None)
    clock.now_s += 2
    assert meter.measure(40, 100) == (10.0, 6.0)


def test_meter_when_speed_changes_then_only_the_last_ten_seconds_count(clock):
    meter = Meter(clock)
    for frame in range(1, 31):
        clock.now_s += 1
        meter.measure(frame, None)
    for frame in range(1, 31):
        clock.now_s += 1
        fps, _ = meter.measure(30 + 10 * frame, None)
    assert fps == pytest.approx(10)


def test_description_when_total_is_unknown_then_no_share_and_no_forecast():
    text = describe(Progress(65.0, 1, 1, 90, None, 30.0, None, None, "", 0))
    assert text == "90 frames  30.0 fps  0:01:05"


def test_description_when_all_is_known_then_complete():
    text = describe(Progress(5.0, 2, 3, 50, 200, 10.0, 0.4, 15.0, "encode", 3 << 20, "ort fp32"))
    assert text == (
        "file 2/3  50/200 frames  25%  10.0 fps  0.4x  0:00:05  0:00:15 left  3.0 MiB"
        "  encode  ort fp32"
    )


def test_plain_when_running_then_quarters_and_every_ten_seconds(clock, capsys):
    status = PlainStatus(Session(), clock)
    status.begin("a.mp4", 1, 1)
    for frame in range(1, 101):
        clock.now_s += 0.01
        status.update(frame, 100)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["25/100", "50/100", "75/100"]
    clock.now_s += 11
    status.update(100, None)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_json_when_running_then_at_most_two_lines_a_second(clock, capsys):
    status = JsonStatus(Session(), clock)
    for frame in range(100):
        clock.now_s += 0.02
        status.update(frame, 100)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert 3 <= len(lines) <= 5
    assert set(lines[0]) == {
        *("t", "file", "of", "frame", "frames", "fps", "speed", "eta", "stage", "bytes_out"),
        "engine",
    }


def test_bar_when_drawn_then_fits_sixty_columns(clock, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")
    session = Session(color="never")
    with BarStatus(session, clock) as status:
        status.begin("a-very-long-name-of-a-video-file.mp4", 1, 1)
        clock.now_s += 4
        status.update(10, 40)
        shown = capsys.readouterr().err
    assert "10/40 frames" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        (Session(progress="json"), JsonStatus),
        (Session(progress="none"), NoStatus),
        (Session(quiet=1), NoStatus),
        (Session(json=True), NoStatus),
        (Session(json=True, progress="plain"), PlainStatus),
        (Session(), PlainStatus),
        (Session(progress="bar"), BarStatus),
    ],
)
def test_status_when_opened_then_is_what_was_asked(session, kind):
    with open_status(session) as status:
        assert type(status) is kind


def test_figures_when_written_then_house_units():
    assert clock_text(3725) == "1:02:05"
    assert size_text(41 << 20) == "41 MiB"
    assert size_text(1 << 19) == "0.5 MiB"
