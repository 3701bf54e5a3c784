"""TensorRT and TensorRT for RTX: the builders for real, the run time by stand-ins."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from livecartoon.backends import probe, tensorrt
from livecartoon.backends.base import Build, EngineSpec
from livecartoon.backends.onnx import onnx_bytes
from livecartoon.backends.rtx import RtxContext
from livecartoon.backends.rtx_builder import (
    SMS,
    build_engine,
    build_for_all,
    check_sms,
    compile_onnx,
    library,
)
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import identity_of, read_header
from livecartoon.models.layers import LIVE_LAYERS
from livecartoon.models.papers import PAPERS
from livecartoon.styles import TIERS, find_style, list_styles
from livecartoon.wanted import engine_spec
from tests.drawing import write_paper, write_student
from tests.vendors import RtxRuntimeStandIn, TorchTensorRT

WITH_ATTENTION = ("animegan3-tiny",)
"""Their matrix products add up in FP32, which Turing cannot do."""
TRIED = {tier: (style.name, tier) for style in list_styles() for tier in style.files or ("filter",)}
SHIPPED = list(TRIED.values())
"""One style of every tier: those of one tier have the same layers and differ in numbers only."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECARTOON_CACHE_DIR", str(tmp_path))


@pytest.fixture
def trt():
    try:
        return library()
    except EngineError as error:
        pytest.skip(f"{error.message}: pip install livecartoon[rtx]")


def spec_of(tmp_path, precision="fp16", reduction=1) -> EngineSpec:
    weights = write_student(tmp_path / "s.safetensors")
    identity = identity_of(read_header(weights))
    return EngineSpec(weights, identity, 64, 48, reduction, ("vivid",), precision)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "reduction"), [("fp16", 1), ("fp16", 2), ("fp32", 1)])
def test_rtx_when_built_without_a_card_then_an_engine_for_every_sm(
    trt, tmp_path, precision, reduction
):
    phases: list[str] = []
    blob = build_engine(spec_of(tmp_path, precision, reduction), SMS, Build(phases.append))
    assert len(blob) > 20_000
    assert phases == ["exporting", "compiling"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PAPERS if name.endswith("-tiny")])
def test_rtx_when_the_generator_is_a_papers_then_it_converts(trt, tmp_path, name):
    weights = write_paper(tmp_path / "paper.safetensors", name)
    identity = identity_of(read_header(weights))
    spec = EngineSpec(weights, identity, 64, 48, precision="fp16")
    blob, sms = build_for_all(spec, Build())
    assert len(blob) > 20_000
    assert sms == (SMS[1:] if name in WITH_ATTENTION else SMS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "tier"), SHIPPED)
def test_rtx_when_the_style_is_shipped_then_it_converts_for_every_sm(trt, name, tier):
    style = find_style(name)
    options = EngineOptions(style=name, tier=tier if tier in TIERS else "auto", infer_size="90p")
    spec, found = engine_spec(style, 320, 180, options, "cpu")
    assert (found, spec.reduction) == (tier, 2)
    spec = replace(spec, layers=LIVE_LAYERS, precision="fp16")
    assert len(build_engine(spec, SMS, Build())) > 20_000


@pytest.mark.slow
def test_rtx_when_half_is_asked_for_and_the_network_is_full_then_refused(trt, tmp_path):
    full, half = (spec_of(tmp_path, precision) for precision in ("fp32", "fp16"))
    network = onnx_bytes(full, casts_at_border=True)
    with pytest.raises(EngineError, match="not fp16"):
        compile_onnx(trt, network, half, ("89",))
    assert len(compile_onnx(trt, network, full, ("89",))) > 20_000


def test_rtx_when_the_sm_is_hopper_then_refused_with_the_list(trt):
    with pytest.raises(EngineError, match="knows no SM 90") as caught:
        check_sms(trt, ("90",))
    assert "89" in caught.value.remedies[0]


def test_rtx_when_the_file_is_no_onnx_then_the_parsers_reason(trt, tmp_path):
    with pytest.raises(EngineError, match="did not parse"):
        compile_onnx(trt, b"not onnx", spec_of(tmp_path), ("89",))


def test_rtx_context_when_loaded_then_eager_kernels_no_host_code_and_kept_kernels(trt):
    vendor = RtxRuntimeStandIn(trt)
    context = RtxContext(vendor, b"e" * 200, "k")
    assert vendor.calls == [("validity", 64), ("set_runtime_cache",)]
    assert vendor.config.cuda_graph_strategy == trt.CudaGraphStrategy.DISABLED
    wanted = trt.DynamicShapesKernelSpecializationStrategy.EAGER
    assert vendor.config.dynamic_shapes_kernel_specialization_strategy == wanted
    assert context._runtime.engine_host_code_allowed is False
    context.run(1, 2, 3, 7)
    assert vendor.calls[2:] == [
        ("address", "frame", 1),
        ("address", "look", 2),
        ("address", "cartoon", 3),
        ("run", 7),
    ]
    context.keep_kernels()
    again = RtxRuntimeStandIn(trt)
    RtxContext(again, b"e" * 200, "k")
    assert ("deserialize", b"kernels") in again.calls


def test_rtx_context_when_the_engine_is_another_cards_then_e504(trt):
    with pytest.raises(EngineError, match="for this card"):
        RtxContext(RtxRuntimeStandIn(trt, validity=trt.EngineValidity.INVALID), b"e" * 200, "k")
    with pytest.raises(EngineError, match="load the engine"):
        RtxContext(RtxRuntimeStandIn(trt, loads=False), b"e" * 200, "k")


@pytest.fixture
def vendor(monkeypatch):
    """torch-tensorrt and a card, as far as building goes; the arithmetic is the CPU's."""
    stand_in = TorchTensorRT()
    monkeypatch.setitem(sys.modules, "torch_tensorrt", stand_in)
    card = SimpleNamespace(name="Drawn Card", major=8, minor=9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    return stand_in


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_tensorrt_when_built_then_the_model_is_cast_and_nothing_is_asked_of_the_library(
    vendor, tmp_path, precision
):
    compiler = tensorrt.TensorRTCompiler(spec_of(tmp_path, precision), "cuda:0")
    compiler.device = "cpu"  # where this machine can export
    blob = compiler.build(Build())
    (_, given), (_, saved) = vendor.calls
    wanted = torch.half if precision == "fp16" else torch.float32
    assert [x.dtype for x in given["arg_inputs"]] == [wanted, wanted]
    assert given["require_full_compilation"]
    assert given["min_block_size"] == 1
    assert given["immutable_weights"]
    assert not given["cache_built_engines"]
    assert not given["reuse_cached_engines"]
    assert saved == {"output_format": "exported_program"}
    assert len(blob) > 10_000


def test_tensorrt_key_when_the_card_or_the_library_changes_then_changes(vendor, tmp_path):
    spec = spec_of(tmp_path)
    first = tensorrt.TensorRTBackend.key_of(spec, "cuda:0")
    vendor.__version__ = "2.14.0"
    assert tensorrt.TensorRTBackend.key_of(spec, "cuda:0") != first


@pytest.mark.parametrize("kind", [AssertionError, OSError, RuntimeError, ImportError, KeyError])
def test_tensorrt_when_its_import_raises_anything_then_e503(monkeypatch, kind):
    def broken(name):
        raise kind("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(tensorrt, "import_module", broken)
    with pytest.raises(EngineError, match="not importable") as caught:
        tensorrt.library()
    assert caught.value.code == "E503"
    assert "livecartoon[tensorrt]" in caught.value.remedies[0]


def test_card_backends_when_there_is_no_card_then_say_so_without_importing(monkeypatch):
    from livecartoon.backends.driver import has_cuda_driver

    if has_cuda_driver():
        pytest.skip("this machine has a card")
    assert probe("tensorrt") == probe("rtx") == "there is no CUDA device"
    assert "torch_tensorrt" not in sys.modules
