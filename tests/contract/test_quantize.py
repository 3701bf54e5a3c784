"""INT8 by post-training quantisation, where its library is installed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from livecartoon.backends import engine_key, open_backend
from livecartoon.backends.base import Build, EngineSpec
from livecartoon.backends.cache import is_refused, is_stored
from livecartoon.backends.calibration import FRAMES, MOODS, calibration_frames
from livecartoon.backends.openvino import convert
from livecartoon.backends.quantize import body_of, frame_count
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.styles import find_style
from tests.drawing import write_student


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


def test_calibration_when_drawn_then_dark_noisy_saturated_and_flat_frames_are_there():
    frames = list(calibration_frames(64, 48, 9 + 2 * len(MOODS)))
    means = [frame.mean() for frame in frames[9:]]
    spreads = [frame.std() for frame in frames[9:]]
    colours = [np.ptp(frame.astype(int), axis=2).mean() for frame in frames[9:]]
    assert min(means) < 60
    assert max(means) > 190
    assert min(spreads) < 25
    assert max(colours) > 90
    again = list(calibration_frames(64, 48, 9 + 2 * len(MOODS)))
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))


def test_frame_count_when_frames_are_large_then_fewer_but_enough():
    assert frame_count(320, 180) == FRAMES
    assert frame_count(3840, 2160) == 24


def spec_of(weights, width=96, height=64) -> EngineSpec:
    return EngineSpec(weights, identity_of(read_header(weights)), width, height, threads=1)


@pytest.mark.parametrize("is_inner", [False, True])
def test_body_of_a_student_then_neither_stem_nor_heads_nor_ink(tmp_path, is_inner):
    openvino = pytest.importorskip("openvino")
    model = convert(spec_of(write_student(tmp_path / "s.safetensors")), openvino, is_inner=is_inner)
    names = body_of(model)
    assert len(names) == 6  # nano: down, three at 1/8, up, one at 1/4
    assert not [n for n in names if any(p in n for p in (".stem", ".gate", ".colour", ".ink"))]


def test_int8_when_nncf_is_missing_then_e503_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    spec = replace(spec_of(write_student(tmp_path / "s.safetensors")), precision="int8")
    with pytest.raises(EngineError, match="nncf") as caught:
        open_backend("openvino", spec, "cpu")
    assert caught.value.code == "E503"
    assert "livecartoon[int8]" in caught.value.remedies[0]


def test_conversion_when_done_then_the_library_has_nobody_to_tell():
    pytest.importorskip("openvino")
    code = (
        "import sys; from livecartoon.backends.openvino import library; openvino = library()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__, 'openvino_telemetry' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout
    assert told.decode().split() == ["openvino.tools.ovc.telemetry_stub", "False"]


@pytest.mark.slow
@pytest.mark.parametrize(("style", "reduction"), [("hosoda", 1), ("shinkai", 2)])
def test_int8_of_a_shipped_style_then_passes_its_selftest_and_comes_from_the_cache(
    style, reduction
):
    pytest.importorskip("nncf", reason="nncf is not installed: pip install livecartoon[int8]")
    _, weights = find_style(style).file_for("nano")
    size = 160 * reduction, 96 * reduction
    spec = replace(spec_of(weights, *size), precision="int8", reduction=reduction)
    phases: list[str] = []
    first = open_backend("openvino", spec, "cpu", Build(phases.append))
    assert phases[:3] == ["converting", "calibrating", "compiling"]
    results = first.record["selftest"]
    assert len(results) == 8
    assert min(result["psnr"] for result in results) >= 38
    assert [result["psnr"] for result in results if result["frame"] == "scene"] >= [42]
    first.close()
    again = open_backend("openvino", spec, "cpu", Build(is_allowed=False))
    assert again.build_s == 0
    again.close()


@pytest.mark.slow
def test_int8_that_moves_a_checkerboard_then_is_refused_in_one_line():
    pytest.importorskip("nncf", reason="nncf is not installed: pip install livecartoon[int8]")
    _, weights = find_style("shinkai").file_for("small")
    spec = replace(spec_of(weights, 320, 192), precision="int8", reduction=2)
    with pytest.raises(EngineError, match="fails its self-test: checker") as caught:
        open_backend("openvino", spec, "cpu", Build())
    assert caught.value.code == "E505"
    key = engine_key("openvino", spec, "cpu")
    assert is_refused(key)
    assert not is_stored(key)
