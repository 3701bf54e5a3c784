from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from livecartoon.backends.driver import has_cuda_driver, problem_between
from livecartoon.backends.reduction import reduction_for, round_ratio
from livecartoon.config import EngineOptions, Look, TemporalName
from livecartoon.errors import EngineError, UsageError
from livecartoon.frame import Frame
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer
from livecartoon.wanted import choose_engine, engine_spec
from tests.drawing import moving_picture


@pytest.mark.parametrize(
    ("width", "height", "wanted"),
    [
        (640, 360, 1),
        (640, 480, 1),
        (854, 480, 1),
        (1280, 720, 2),
        (540, 960, 2),
        (1920, 1080, 3),
        (3840, 2160, 6),
        (1, 1, 1),
    ],
)
def test_reduction_on_a_cpu_then_network_runs_near_360_lines(
    width: int, height: int, wanted: int
) -> None:
    assert reduction_for(width, height, "auto", on_gpu=False) == wanted


def test_reduction_when_typed_then_follows() -> None:
    assert reduction_for(1280, 720, "source", on_gpu=False) == 1
    assert reduction_for(1280, 720, "360p", on_gpu=False) == 2
    assert reduction_for(1920, 1080, "640x360", on_gpu=True) == 3
    with pytest.raises(UsageError, match="no size"):
        reduction_for(640, 360, "big", on_gpu=False)


def test_round_ratio_then_nearest_by_ratio() -> None:
    assert [round_ratio(r) for r in (0.4, 1.0, 1.4, 1.5, 2.4, 2.5)] == [1, 1, 1, 2, 2, 3]


def test_choose_engine_when_cuda_is_typed_and_absent_then_e501() -> None:
    if has_cuda_driver():
        pytest.skip("this machine has a CUDA driver")
    with pytest.raises(EngineError) as caught:
        choose_engine(EngineOptions(device="cuda"))
    assert caught.value.code == "E501"


def test_choose_engine_when_backend_is_typed_then_is_not_replaced() -> None:
    assert choose_engine(EngineOptions(backend="torch", device="cpu")) == ("cpu", "torch", None)
    with pytest.raises(EngineError) as caught:
        choose_engine(EngineOptions(backend="tensorrt", device="cpu"))
    assert caught.value.code == "E503"


def test_look_when_out_of_range_then_e201() -> None:
    with pytest.raises(UsageError, match=r"strength 1\.5"):
        Look(strength=1.5)


def frames(count: int = 5) -> list[Frame]:
    return [
        Frame(np.ascontiguousarray(moving_picture(i, 64, 48)), i, Fraction(1, 30))
        for i in range(count)
    ]


@pytest.mark.parametrize("mode", ["auto", "off", "blend", "flow"])
def test_stylizer_in_two_halves_then_shows_what_a_call_does(mode: TemporalName) -> None:
    options = EngineOptions(style="classic", temporal=mode, device="cpu", threads=1)
    with Stylizer(find_style("classic"), 64, 48, options) as stylizer:
        whole = [stylizer(frame).pixels for frame in frames()]
        stylizer.reset()
        drawn = [stylizer.draw(frame) for frame in frames()]
        halves = [stylizer.steady(part).pixels for part in drawn]
    assert all(np.array_equal(a, b) for a, b in zip(whole, halves, strict=True))
    assert stylizer.temporal.mode == mode
    assert sum(stylizer.temporal.frames.values()) == 10


def test_stylizer_when_the_anti_flicker_is_switched_then_the_next_frame_is_as_drawn() -> None:
    options = EngineOptions(style="classic", temporal="blend", device="cpu", threads=1)
    with Stylizer(find_style("classic"), 64, 48, options) as stylizer:
        for frame in frames(3):
            stylizer(frame)
        stylizer.set_temporal("flow")
        last = frames(4)[3]
        assert np.array_equal(stylizer(last).pixels, stylizer.draw(last).styled)
        assert stylizer.temporal.frames == {"flow": 1}


def test_choose_engine_when_device_and_backend_contradict_then_e503(monkeypatch) -> None:
    monkeypatch.setattr("livecartoon.wanted.card_problem", lambda: None)
    with pytest.raises(EngineError, match="openvino runs on the CPU"):
        choose_engine(EngineOptions(device="cuda:0", backend="openvino"))
    assert choose_engine(EngineOptions(device="cuda:1"))[:2] == ("cuda:1", "torch")
    assert choose_engine(EngineOptions())[:2] == ("cuda:0", "torch")
    assert choose_engine(EngineOptions(backend="openvino"))[:2] == ("cpu", "openvino")


def test_choose_engine_when_torch_cannot_use_the_card_then_the_cpu_and_the_reason(monkeypatch):
    monkeypatch.setattr("livecartoon.wanted.card_problem", lambda: "torch is too new")
    device, _, reason = choose_engine(EngineOptions())
    assert (device, reason) == ("cpu", "torch is too new")
    assert choose_engine(EngineOptions(backend="torch")) == ("cpu", "torch", "torch is too new")
    with pytest.raises(EngineError, match="--device cuda:0: torch is too new"):
        choose_engine(EngineOptions(device="cuda:0"))


@pytest.mark.parametrize(
    ("line", "runs", "problem"),
    [
        ("cuda: Optional[str] = None", 13, "a build without CUDA"),
        ("cuda: Optional[str] = '13.0'", 12, "built for CUDA 13, the driver runs 12"),
        ("cuda: Optional[str] = '13.0'", 13, None),
        ("cuda = '12.8'", 13, None),
        ("nothing of the kind", 12, None),
    ],
)
def test_card_problem_when_torch_and_driver_differ_then_says_what_to_change(
    line, runs, problem, tmp_path
):
    versions = tmp_path / "version.py"
    versions.write_text(f"__all__ = ['cuda']\n__version__ = '2.13.0'\n{line}\nhip = None\n")
    found = problem_between(versions, runs)
    assert problem in found if problem else found is None


def test_card_problem_when_torch_is_this_build_then_its_file_is_understood():
    import torch

    versions = Path(torch.__file__).with_name("version.py")
    assert (problem_between(versions, 999) is None) == (torch.version.cuda is not None)


def test_choose_engine_when_int8_is_typed_for_a_card_then_e503(monkeypatch) -> None:
    options = EngineOptions(precision="int8")
    with pytest.raises(EngineError, match="int8 is for CPUs"):
        engine_spec(find_style("classic"), 64, 48, options, "cuda:0")
    spec, _ = engine_spec(find_style("classic"), 64, 48, options, "cpu")
    assert spec.precision == "int8"
