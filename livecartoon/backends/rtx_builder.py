"""Engines of TensorRT for RTX from ONNX; needs its wheel, but no card: the SMs are named."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from livecartoon.backends.base import Build, EngineSpec
from livecartoon.errors import EngineError

log = logging.getLogger(__name__)

SMS = ("75", "80", "86", "89", "120", "121")
"""Compute capabilities that the library can build for; no data-centre Hopper among them."""
MODULES = ("tensorrt_rtx", "tensorrt_rtx_bindings")
"""The package and, where only the wheels of its parts are there, the bindings themselves."""
REMEDY = 'pip install "livecartoon[rtx]"'


def library() -> Any:  # noqa: ANN401  the library is untyped
    """Return TensorRT for RTX; EngineError E503 if it cannot be imported."""
    problem: Exception | None = None
    for name in MODULES:
        try:
            return import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            problem = error
    raise EngineError("E503", f"tensorrt-rtx is not importable ({problem})", REMEDY)


def make_logger(trt: Any) -> Any:  # noqa: ANN401  the library is untyped
    """Return a logger that keeps the library's errors: a failed build returns only None."""

    class Collector(trt.ILogger):  # type: ignore[misc]  # the library is untyped
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []

        def log(self, severity: Any, text: str) -> None:  # noqa: ANN401  the library is untyped
            """Keep what is worse than a warning."""
            if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
                self.errors.append(text)

    return Collector()


def build_engine(spec: EngineSpec, sms: tuple[str, ...], build: Build) -> bytes:
    """Compile for the compute capabilities `sms`; EngineError E503, E504, ModelError."""
    from livecartoon.backends.onnx import onnx_bytes

    trt = library()
    check_sms(trt, sms)
    build.phase("exporting")
    model = onnx_bytes(spec, casts_at_border=True)
    build.phase("compiling")
    return compile_onnx(trt, model, spec, sms)


def compile_onnx(trt: Any, model: bytes, spec: EngineSpec, sms: tuple[str, ...]) -> bytes:  # noqa: ANN401
    """Compile an ONNX file whose casts are at its border."""
    logger = make_logger(trt)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model):
        errors = [str(parser.get_error(n)) for n in range(parser.num_errors)]
        raise _failed(errors or logger.errors, "parse")
    _check_types(trt, network, spec)
    config = builder.create_builder_config()
    config.num_compute_capabilities = len(sms)
    for index, sm in enumerate(sms):
        config.set_compute_capability(getattr(trt.ComputeCapability, f"SM{sm}"), index)
    # Without it the engine allocates behind our back and cannot be captured in a graph.
    config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
    blob = builder.build_serialized_network(network, config)
    if blob is None:
        raise _failed(logger.errors, "build")
    return bytes(blob)


def build_for_all(spec: EngineSpec, build: Build) -> tuple[bytes, tuple[str, ...]]:
    """Compile for every capability that can run the network; the engine and which they are.

    Turing multiplies no matrices in FP32, in which attention adds up: such a network is built
    for everything newer.
    """
    try:
        return build_engine(spec, SMS, build), SMS
    except EngineError as error:
        if "Turing" not in error.message:
            raise
        log.info("not for Turing: %s", error.message)
    return build_engine(spec, SMS[1:], build), SMS[1:]


def check_sms(trt: Any, sms: tuple[str, ...]) -> None:  # noqa: ANN401  the library is untyped
    """Raise EngineError E504 for a capability that the library does not know."""
    unknown = [sm for sm in sms if not hasattr(trt.ComputeCapability, f"SM{sm}")]
    if unknown or not sms:
        known = " ".join(sm for sm in SMS if hasattr(trt.ComputeCapability, f"SM{sm}"))
        raise EngineError(
            "E504", f"TensorRT for RTX knows no SM {', '.join(unknown) or '(none given)'}", known
        )


def _check_types(trt: Any, network: Any, spec: EngineSpec) -> None:  # noqa: ANN401  untyped
    """Precision is what the network says, never what a flag asked for: look it up."""
    wanted = trt.DataType.HALF if spec.precision == "fp16" else trt.DataType.FLOAT
    inputs = {network.get_input(n).name: network.get_input(n).dtype for n in range(2)}
    output = network.get_output(0).dtype
    bytes_in, bytes_out = inputs.get("frame"), output
    if (bytes_in, bytes_out, inputs.get("look")) != (
        trt.DataType.UINT8,
        trt.DataType.UINT8,
        wanted,
    ):
        raise EngineError(
            "E504", f"the network takes {inputs} and gives {output}, not {spec.precision}"
        )


def _failed(errors: list[str], step: str) -> EngineError:
    reason = "; ".join(errors[-2:]) or "no reason given"
    return EngineError(
        "E504", f"TensorRT for RTX did not {step}: {reason[:300]}", "--backend torch"
    )
