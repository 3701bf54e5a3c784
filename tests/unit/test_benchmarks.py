"""Records compared and drawn."""

import json

import cv2
import numpy as np
import pytest

from benchmarks.comparison import compare
from benchmarks.plot import draw_bars
from benchmarks.record import read_record
from livecartoon.errors import InputError


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
