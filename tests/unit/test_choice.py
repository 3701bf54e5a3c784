"""Which engine a run begins with, and the swap to a better one."""

import itertools
import json
import logging
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon import processor as processor_module
from livecartoon.backends import choice, engine_key, open_backend
from livecartoon.backends.base import Build, EngineSpec
from livecartoon.backends.cache import engine_path, is_stored, record_path, refuse_engine
from livecartoon.backends.choice import Candidate, Upgrade, candidates, open_best, to_build
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError
from livecartoon.frame import Frame
from livecartoon.models.checkpoint import (
    identity_of,
    read_checkpoint,
    read_header,
    write_checkpoint,
)
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer
from tests.drawing import drawn_photo, write_student

pytest.importorskip("openvino")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


@pytest.fixture
def spec(tmp_path) -> EngineSpec:
    weights = write_student(tmp_path / "drawn.safetensors")
    return EngineSpec(weights, identity_of(read_header(weights)), 64, 48, threads=1)


def chosen(backend: str, spec: EngineSpec, device: str, *free: str) -> list[tuple[str, str]]:
    found = candidates(
        backend,
        spec,
        device,
        is_backend_free="backend" in free,
        is_precision_free="precision" in free,
    )
    return [(c.backend, c.spec.precision) for c in found]


@pytest.mark.parametrize(
    ("processor", "precisions"),
    [
        ((), ["int8", "fp32"]),
        (("avx512bf16",), ["bf16", "int8", "fp32"]),
        (("avx512bf16", "amx-bf16"), ["bf16", "fp32"]),
    ],
)
def test_candidates_when_precision_is_free_then_are_what_the_processor_is_quick_at(
    spec, monkeypatch, processor, precisions
):
    monkeypatch.setattr(processor_module, "_features", lambda: dict.fromkeys(processor, True))
    assert [p for _, p in chosen("openvino", spec, "cpu", "precision")] == precisions
    free = candidates("openvino", spec, "cpu", is_backend_free=True, is_precision_free=True)
    assert free[0].may_be_built == ("amx-bf16" in processor)
    filter_ = replace(spec, weights=None)
    assert chosen("openvino", filter_, "cpu", "precision") == [("openvino", "fp32")]


def test_candidates_when_typed_then_nothing_else(spec):
    assert chosen("openvino", spec, "cpu", "backend") == [("openvino", "fp32")]
    assert chosen("torch", spec, "cpu", "backend", "precision") == [("torch", "fp32")]
    half = replace(spec, precision="fp16")
    assert chosen("torch", half, "cuda:0", "precision") == [("torch", "fp16")]


def test_build_when_not_allowed_then_nothing_is_built(spec):
    with pytest.raises(EngineError, match="no openvino engine is ready"):
        open_backend("openvino", spec, "cpu", Build(is_allowed=False))
    assert not list(engine_path("x").parent.glob("*.engine"))


def test_open_best_when_the_better_is_damaged_then_the_sound_one_runs(spec, caplog):
    wide = Candidate("openvino", replace(spec, reduction=2))
    plain = Candidate("openvino", spec)
    better = open_backend(wide.backend, wide.spec, "cpu")
    assert better.key is not None
    better.close()
    backend, number = open_best([wide, plain], "cpu")
    assert number == 0
    backend.close()
    engine_path(better.key).write_bytes(b"broken")
    backend, number = open_best([wide, plain], "cpu")
    assert (number, backend.spec) == (1, spec)
    assert "6 bytes instead of" in caplog.text
    backend.close()


def test_open_best_when_a_quick_one_is_not_there_then_builds_it_unless_it_was_refused(spec):
    quick = Candidate("openvino", replace(spec, reduction=2), may_be_built=True)
    plain = Candidate("openvino", spec)
    assert [plain, quick].index(Candidate(quick.backend, quick.spec)) == 1, "what a swap looks for"
    key = engine_key(quick.backend, quick.spec, "cpu")
    assert to_build([quick, plain], "cpu") == quick
    refuse_engine(key, "checker: 37.5 dB")
    assert to_build([quick, plain], "cpu") == plain
    backend, number = open_best([quick, plain], "cpu")
    backend.close()
    assert (number, is_stored(key)) == (1, False)
    assert to_build([quick, plain], "cpu") is None
    record_path(key).unlink()
    assert to_build([quick, plain], "cpu") == quick
    backend, number = open_best([quick, plain], "cpu")
    backend.close()
    assert (number, is_stored(key)) == (0, True)
    assert to_build([quick, plain], "cpu") is None
    engine_path(key).write_bytes(b"broken")
    backend, number = open_best([quick, plain], "cpu")
    assert (number, backend.build_s > 0) == (0, True)
    backend.close()


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def test_upgrade_when_the_engine_appears_then_is_handed_out_once(spec):
    clock = Clock()
    wanted = Candidate("openvino", spec)
    upgrade = Upgrade([wanted], "cpu", clock)
    clock.now_s = 5.0
    assert upgrade.take() is None
    open_backend("openvino", spec, "cpu").close()
    assert upgrade.take() is None, "looked a moment ago"
    clock.now_s = 7.0
    end_s = time.monotonic() + 30
    while (found := upgrade.take()) is None and time.monotonic() < end_s:
        time.sleep(0.01)
    assert found is not None
    assert found.build_s == 0
    assert upgrade.take() is None
    found.close()
    upgrade.close()


def test_stylizer_when_a_better_engine_is_finished_then_swaps_between_two_frames(tmp_path):
    # In a process of its own: engines and threads that other tests left behind take its time.
    code = (
        "import pathlib, sys, pytest; from tests.unit.test_choice import swap\n"
        "with pytest.MonkeyPatch.context() as patch: swap(pathlib.Path(sys.argv[1]), patch)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True, timeout=240)


def swap(tmp_path, monkeypatch):
    logging.basicConfig(level=logging.INFO)  # why an engine was passed over
    weights = write_student(tmp_path / "drawn.safetensors")
    monkeypatch.setattr(choice, "LOOK_PERIOD_S", 0.0)
    # A stand-in for int8, which needs a library of its own: another engine of the same picture.
    from livecartoon.backends import ladder as module

    found = read_checkpoint(weights)
    ink = found.json_field("ink")
    header = found.header | {"ink": json.dumps(ink | {"tint": ink["tint"] + 1e-6})}
    twin = tmp_path / "twin.safetensors"
    write_checkpoint(twin, found.tensors, header)

    def of_twin(spec):
        return replace(spec, weights=twin, weights_sha256=identity_of(header))

    def two(backend, spec, device, **_):
        return [Candidate("openvino", of_twin(spec)), Candidate("openvino", spec)]

    monkeypatch.setattr(module, "candidates", two)
    photo = drawn_photo(64, 48)
    options = EngineOptions(style=str(weights), temporal="off", threads=1)
    with Stylizer(find_style(str(weights)), 64, 48, options, is_live=True) as stylizer:
        frame = Frame(photo, 0, Fraction(1, 30))
        before = stylizer(frame).pixels
        first = stylizer.report.key
        spec = of_twin(stylizer._engine.backend.spec)
        open_backend("openvino", spec, "cpu").close()
        assert choice.is_ready(Candidate("openvino", spec), "cpu")
        end_s = time.monotonic() + 120
        for pts in itertools.count(1):
            time.sleep(0.01)  # as a camera's frames: without a gap the loader may never get a turn
            after = stylizer(replace(frame, pts=pts)).pixels
            if stylizer.report.key != first or time.monotonic() > end_s:
                break
        assert stylizer.report.key != first, f"{pts} frames, {vars(stylizer._engine._upgrade)}"
        assert np.abs(after.astype(int) - before).max() <= 1
        assert is_stored(str(stylizer.report.key))


def test_stylizer_when_its_engine_draws_black_then_torch_goes_on_and_says_why(tmp_path, caplog):
    weights = write_student(tmp_path / "drawn.safetensors")
    options = EngineOptions(style=str(weights), temporal="off", threads=1)
    photo = drawn_photo(64, 48)
    with Stylizer(find_style(str(weights)), 64, 48, options) as stylizer:
        good = stylizer(Frame(photo, 0, Fraction(1, 30))).pixels
        _break(stylizer)
        shown = stylizer(Frame(photo, 2, Fraction(1, 30))).pixels
        assert stylizer.report.backend == "torch"
        assert "one flat colour" in str(stylizer.report.fallback_reason)
    assert np.abs(shown.astype(int) - good).mean() <= 1  # the first engine may be of fewer bits
    assert "one flat colour" in caplog.text


def test_stylizer_when_the_typed_engine_draws_black_then_e505(tmp_path):
    weights: Path = write_student(tmp_path / "drawn.safetensors")
    options = EngineOptions(style=str(weights), backend="openvino", temporal="off", threads=1)
    with Stylizer(find_style(str(weights)), 64, 48, options) as stylizer:
        _break(stylizer)
        with pytest.raises(EngineError) as caught:
            stylizer(Frame(drawn_photo(64, 48), 2, Fraction(1, 30)))
    assert caught.value.code == "E505"


class _Broken:
    """An infer request whose network computes NaN."""

    def infer(self, inputs, **_):
        rows, columns = inputs[0].shape[1], inputs[0].shape[2] // 48
        return [np.full((1, rows, columns, count), np.nan, np.float32) for count in (48, 48, 1)]


def _break(stylizer: Stylizer) -> None:
    """Replace the vendor's request and let the watchdog have looked once."""
    for lane in stylizer._engine.backend._engine._lanes:
        lane.request = _Broken()
    clock = Clock()
    stylizer._engine._watchdog._clock = clock
    photo = drawn_photo(64, 48)
    stylizer._engine._watchdog._next_s = 0.0
    stylizer._engine._watchdog(photo, np.zeros_like(photo))
    clock.now_s = 2.0
