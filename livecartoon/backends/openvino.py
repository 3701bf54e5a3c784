"""The CPU default: OpenVINO, for students of the network alone, else of the whole picture path."""

from __future__ import annotations

import io
import platform
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from livecartoon.backends.base import Build, EngineSpec, Fetch, Memory, closed_error, look_values
from livecartoon.backends.blocks import Packer
from livecartoon.backends.kernels import compiled_meanwhile
from livecartoon.backends.openvino_engines import Engine, dressed, engine_of, is_student
from livecartoon.backends.selftest import Draw
from livecartoon.backends.stored import StoredBackend
from livecartoon.backends.telemetry import without_telemetry
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels
from livecartoon.processor import multiplies_bfloat16

INT8_RECIPE = 4
"""Raised whenever quantisation or its calibration changes what INT8 engines draw."""


class OpenVINOBackend(StoredBackend[Engine]):
    """Compiled for this CPU at one size; the compiled blob is cached, so torch loads only once."""

    name = "openvino"

    def __init__(self, spec: EngineSpec, device: str = "cpu", build: Build | None = None) -> None:
        """Load the engine from the cache or build it (seconds); raises EngineError, ModelError."""
        super().__init__(OpenVINOCompiler(spec), build)
        if spec.overlay is not None and self._engine is not None:
            self._engine, self.spec = dressed(self._engine, spec), spec

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Name of the stored engine on this machine."""
        return OpenVINOCompiler(spec).key

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame; the result is overwritten by the next call."""
        return self.engine_for(pixels)(pixels, self._look)

    def begin(self, pixels: Pixels) -> Fetch:
        """Run the network and find the lines; they are drawn by who fetches the picture."""
        return self.engine_for(pixels).begin(pixels, self._look)

    @property
    def network_s(self) -> float:
        """Busy seconds of the compiled graph so far."""
        return 0.0 if self._engine is None else self._engine.network_s

    def reset(self) -> None:
        """Forget earlier frames."""
        if self._engine is not None:
            self._engine.reset()

    def exchange(self, memory: Memory) -> Memory:
        """Go on with another memory of the clip; return the one in use until now."""
        if self._engine is None:
            raise closed_error()
        return self._engine.exchange(memory)


def probe() -> str | None:
    """Why OpenVINO cannot be used here, or None."""
    from importlib.util import find_spec

    return None if find_spec("openvino") else "openvino is not installed"


class OpenVINOCompiler:
    """Compiles for this CPU; INT8 by post-training quantisation."""

    name = "openvino"
    device = "cpu"

    def __init__(self, spec: EngineSpec) -> None:
        if spec.precision == "fp16":
            raise EngineError("E503", "openvino runs no fp16 on a CPU", "--precision fp32")
        if spec.precision == "bf16" and not multiplies_bfloat16():
            text = "this processor does not multiply bfloat16"
            raise EngineError("E503", text, "--precision fp32")
        # Drawn outside of the graph: all styles of a network share its engine.
        self.spec = spec = replace(spec, overlay=None)
        self._library = library()
        self._core = core_of(self._library)
        cpu = self._core.get_property("CPU", "FULL_DEVICE_NAME")
        # The number of threads is chosen when an engine is loaded, not when it is compiled.
        recipe = (f"int8-{INT8_RECIPE}",) if spec.precision == "int8" else ()
        machine = (cpu, platform.system(), platform.machine(), *recipe)
        self._is_student = is_student(spec)
        named = replace(spec, threads=0)
        if self._is_student:  # the layers are not compiled
            named = replace(named, layers=())
        self.key = named.key("openvino", self._library.__version__, *machine)
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(spec.threads),
            "INFERENCE_PRECISION_HINT": "bf16" if spec.precision == "bf16" else "f32",
            "ENABLE_CPU_PINNING": "NO",
        }

    def load(self, blob: bytes) -> Engine:
        """Make the blob run; EngineError if it is another build's."""
        try:
            compiled = self._core.import_model(io.BytesIO(blob), "CPU", self._settings)
        except RuntimeError as error:
            raise EngineError("E504", "it was written by another build of openvino") from error
        request = compiled.create_infer_request()
        return engine_of(request, self.spec)

    def build(self, build: Build) -> bytes:
        """Trace the torch graph, quantise it if asked, compile."""
        with compiled_meanwhile() if self._is_student else nullcontext():
            return self._build(build)

    def _build(self, build: Build) -> bytes:
        build.phase("converting")
        model = convert(self.spec, self._library, is_inner=self._is_student)
        if self.spec.precision == "int8":
            from livecartoon.backends.quantize import quantized

            model = quantized(model, build)
        build.phase("compiling")
        try:
            compiled = self._core.compile_model(model, "CPU", self._settings)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EngineError("E504", f"openvino: {reason}", "--backend torch") from error
        blob: bytes = compiled.export_model().getvalue()
        return blob

    def draw(self, loaded: Engine) -> Draw:
        """Draw with the identity look, each frame as the first of a clip."""
        look = look_values(Look())

        def draw(pixels: Pixels) -> Pixels:
            loaded.reset()
            drawn = loaded(pixels, look)
            loaded.reset()  # forgetting it by arithmetic would round the first frame otherwise
            return drawn

        return draw


def library() -> Any:  # noqa: ANN401  openvino is untyped
    """Return the module openvino; EngineError E503 if it cannot be imported."""
    try:
        with without_telemetry():
            import openvino
    except ImportError as error:
        raise EngineError(
            "E503", f"openvino is not importable ({error})", "pip install openvino"
        ) from error
    return openvino


@cache
def core_of(openvino: Any) -> Any:  # noqa: ANN401  openvino is untyped
    """Return the library's one core; it lives as long as the process.

    Its CPU plugin gives the thread that made it a signal stack, and frees that stack with the
    core. Freed in another thread, the first one keeps the address, and the next Ctrl-C is a
    segmentation fault.
    """
    return openvino.Core()


def convert(spec: EngineSpec, openvino: Any, *, is_inner: bool = False) -> Any:  # noqa: ANN401
    """Trace the torch graph, or its inner part, into an OpenVINO model of fixed shapes."""
    import warnings

    import torch

    from livecartoon.backends.graph import build_graph, build_inner, example_inputs

    if is_inner:
        graph: Any = build_inner(spec)
        shape = Packer(spec.width, spec.height, spec.reduction).shape
        inputs: tuple[torch.Tensor, ...] = (torch.full(shape, 128, dtype=torch.uint8),)
    else:
        graph = build_graph(spec)
        inputs = example_inputs(spec, graph.memory_size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every Python number it fixes
        # Traced here without the tracer's own check: that one imports two thirds of what a first
        # start waits for, and the self-test proves the engine anyway.
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]  # untyped in torch
            graph, inputs, strict=False, check_trace=False
        )
        model = openvino.convert_model(traced, example_input=inputs)
    shapes = [list(value.shape) for value in inputs]
    model.reshape(dict(zip(model.inputs, shapes, strict=True)))
    return model


def export_ir(spec: EngineSpec, path: Path) -> None:
    """Write the engine's graph as OpenVINO IR: `path` (.xml) and the .bin beside it.

    The weights come first: an .xml is there only once its .bin is.
    """
    openvino = library()
    model = convert(spec, openvino)
    named = [
        *zip(model.inputs, ("frame", "look", "memory"), strict=False),
        *zip(model.outputs, ("cartoon", "memory_after"), strict=False),
    ]
    for port, name in named:
        port.get_tensor().set_names({name})
    with tempfile.TemporaryDirectory(prefix="export-", dir=path.parent) as folder:
        made = Path(folder) / path.name
        openvino.save_model(model, made, compress_to_fp16=False)
        made.with_suffix(".bin").replace(path.with_suffix(".bin"))
        made.replace(path)
