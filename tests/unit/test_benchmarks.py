"""Records compared and drawn."""

import json

import cv2
import numpy as np
import pytest

from benchmarks import films, live, outside
from benchmarks.comparison import compare
from benchmarks.plot import draw_bars
from benchmarks.record import read_record
from livecartoon.config import EngineOptions
from livecartoon.errors import InputError
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer


def timed(least: float, median: float) -> dict[str, float]:
    return {"ms_min": least, "ms_median": median, "fps_median": 1000 / median}


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ((10.0, 10.2), (10.2, 10.4), "same"),
        ((10.0, 10.2), (12.0, 12.2), "SLOWER"),
        ((10.0, 10.2), (8.0, 8.2), "faster"),
        ((10.0, 13.0), (10.5, 14.5), "same"),  # 12 % more, but the records scatter by 30 %
    ],
)
def test_compare_when_a_figure_moves_then_only_beyond_limit_and_noise(old, new, verdict):
    (row,) = compare({"small": timed(*old), "threads": 2}, {"small": timed(*new)})
    assert (row.name, row.verdict) == ("small", verdict)


def test_compare_when_a_network_is_in_one_record_only_then_left_out():
    assert compare({"a": timed(1, 1)}, {"b": timed(1, 1)}) == []


def test_plot_when_drawn_then_faster_bars_are_longer(tmp_path):
    figures = {"small": timed(10, 10), "whitebox": timed(400, 400), "width": 640}
    draw_bars(figures, tmp_path / "bars.png")
    picture = cv2.imread(str(tmp_path / "bars.png"))
    colours = ((190, 120, 30), (170, 170, 170))
    long, short = (int((picture == np.array(colour)).all(2).sum()) for colour in colours)
    assert long > 1.5 * short > 0


def test_record_when_it_is_something_else_then_e302(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([1]))
    with pytest.raises(InputError):
        read_record(path)


@pytest.mark.slow
def test_outside_when_measured_then_every_stage_has_a_time_and_the_total_holds_them():
    figures = outside.run(rounds=3)
    for size in ("720p", "1080p"):
        least = {name: stage["ms_min"] for name, stage in figures[size].items()}
        assert min(least.values()) > 0
        assert least["total"] > max(least[name] for name in ("pack", "fills", "lines", "ink"))
    assert figures["is_good"] == (figures["720p"]["total"]["ms_min"] <= outside.MOST_MS["720p"])


SOAKED = {
    "rss_growth": 0.004, "p99_first_ms": 40.0, "p99_last_ms": 47.0, "threads_left": 0,
    "fps": {"shown": 29.9},
}  # fmt: skip
HELD = {"threads": 1, "files": 9, "rss_mib": 200.0}


@pytest.mark.parametrize(
    ("changes", "after", "missed"),
    [
        ({}, {}, []),
        ({"rss_growth": 0.021}, {}, ["memory grew by 2.1%"]),
        ({"p99_last_ms": 48.1}, {}, ["p99 went from 40.0 to 48.1 ms"]),
        ({"fps": {"shown": 15.0}}, {}, ["15.0 of 30 pictures a second"]),
        ({"threads_left": 1}, {"files": 10}, ["1 threads left", "open files 9 -> 10"]),
        ({}, {"rss_mib": 205.5}, ["starts and stops left 5.5 MiB"]),
    ],
)
def test_live_gates_name_what_does_not_hold(changes, after, missed):
    cycled = {"before": HELD, "after": HELD | after, "stop_s_max": 0.2}
    assert live.missed_gates({"soak": SOAKED | changes, "cycles": cycled}) == missed


@pytest.mark.slow
def test_live_when_soaked_for_seconds_then_pictures_and_memory_are_measured(monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setattr(live, "WARM_CYCLES", live.LOOKS)
    # What builds an engine leaves a pool of threads of its own: the run shall find it built.
    Stylizer(find_style("classic"), 640, 360, EngineOptions(style="classic"), is_live=True).close()
    figures = live.run(minutes=0.06, style="classic", count=1)
    assert figures["soak"]["frames"]["shown"] > 5
    assert 0 < figures["soak"]["p99_first_ms"] < 5000
    assert figures["soak"]["threads_left"] == 0
    assert figures["cycles"]["after"]["threads"] == figures["cycles"]["before"]["threads"]


@pytest.mark.slow
def test_films_when_measured_then_lengths_and_workers_are_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))
    figures = films.run(minutes=0.5, rate=4, size=(64, 48), style="classic")
    assert [figures[name]["frames"] for name in ("short", "long", "two_jobs")] == [12, 120, 120]
    assert figures["memory_ratio"] < 2
    assert figures["wall_over_busiest_stage"] > 0.9
