"""The CPU default: OpenVINO, everything from uint8 to uint8 inside its graph."""

from __future__ import annotations

import io
import platform
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.base import Build, EngineSpec, check_look, check_pixels
from livecartoon.backends.blocks import Packer
from livecartoon.backends.cache import use_file
from livecartoon.backends.finish import Finish
from livecartoon.backends.locks import Hold
from livecartoon.backends.ready import make_ready
from livecartoon.backends.selftest import Draw
from livecartoon.backends.telemetry import without_telemetry
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels
from livecartoon.models.checkpoint import read_header
from livecartoon.models.inkstyle import ink_of

IDENTITY = (1.0, 1.0, 0.0, 1.0)
"""The look input: ink, strength, keep_color, vivid."""
INT8_RECIPE = 2
"""Raised whenever quantisation or its calibration changes what INT8 engines draw."""


class Engine(Protocol):
    """A compiled graph and what it takes to draw a frame with it."""

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        """Draw a frame; the result is overwritten by the next call."""
        ...

    def reset(self) -> None:
        """Forget earlier frames."""
        ...


class OpenVINOBackend:
    """Compiled for this CPU at one size; the compiled blob is cached, so torch loads only once."""

    name = "openvino"

    def __init__(self, spec: EngineSpec, device: str = "cpu", build: Build | None = None) -> None:
        """Load the engine from the cache or build it (seconds); raises EngineError, ModelError."""
        compiler = OpenVINOCompiler(spec)
        ready = make_ready(compiler, build or Build())
        self.spec = spec
        self.device = device
        self.key: str | None = compiler.key
        self.record = ready.record
        self.build_s = ready.build_s
        self._in_use = Hold(use_file(compiler.key))
        self._engine: Engine | None = ready.engine
        self._look = np.array(IDENTITY, np.float32)

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Name of the stored engine on this machine."""
        return OpenVINOCompiler(spec).key

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame; the result is overwritten by the next call."""
        check_pixels(self.spec, pixels)
        assert self._engine is not None, "closed"
        return self._engine(pixels, self._look)

    def set_look(self, look: Look) -> None:
        """Move the sliders; takes effect with the next frame."""
        check_look(self.spec, look)
        self._look = np.array(
            [look.ink, look.strength, look.keep_color, look.vivid], dtype=np.float32
        )

    def reset(self) -> None:
        """Forget earlier frames."""
        if self._engine is not None:
            self._engine.reset()

    def close(self) -> None:
        """Drop the engine."""
        self._engine = None
        self._in_use.close()


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
            raise EngineError("E503", "openvino runs no fp16 on a CPU", "--precision int8")
        self.spec = spec
        self._library = library()
        self._core = core_of(self._library)
        cpu = self._core.get_property("CPU", "FULL_DEVICE_NAME")
        # The number of threads is chosen when an engine is loaded, not when it is compiled.
        recipe = (f"int8-{INT8_RECIPE}",) if spec.precision == "int8" else ()
        machine = (cpu, platform.system(), platform.machine(), *recipe)
        self._is_student = is_student(spec)
        named = replace(spec, threads=0)
        if self._is_student and spec.reduction > 1:  # the layers are not compiled
            named = replace(named, layers=())
        self.key = named.key("openvino", self._library.__version__, *machine)
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": str(spec.threads),
            "INFERENCE_PRECISION_HINT": "f32",
        }

    def load(self, blob: bytes) -> Engine:
        """Make the blob run; EngineError if it is another build's."""
        try:
            compiled = self._core.import_model(io.BytesIO(blob), "CPU", self._settings)
        except RuntimeError as error:
            raise EngineError("E504", "it was written by another build of openvino") from error
        request = compiled.create_infer_request()
        if not self._is_student:
            return _WholePicture(request)
        return (_PictureInBlocks if self.spec.reduction == 1 else _NetworkAndFinish)(
            request, self.spec
        )

    def build(self, build: Build) -> bytes:
        """Trace the torch graph, quantise it if asked, compile."""
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
        look = np.array(IDENTITY, np.float32)

        def draw(pixels: Pixels) -> Pixels:
            loaded.reset()
            return loaded(pixels, look)

        return draw


def is_student(spec: EngineSpec) -> bool:
    """Whether only the inner part of the picture path is compiled."""
    return spec.weights is not None and read_header(spec.weights)["arch"] == "student"


class _WholePicture:
    """The whole picture path as one graph: for all that are no students."""

    def __init__(self, request: Any) -> None:  # noqa: ANN401  openvino is untyped
        self._request = request
        # The third input that only styles with `norm = ema-inputs` have.
        inputs = request.get_compiled_model().inputs[2:]
        self._memories = [np.zeros(tuple(port.shape), np.float32) for port in inputs]

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        frame = np.ascontiguousarray(pixels)[None]
        inputs = [frame, look, *self._memories]
        answer = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        for index, memory in enumerate(self._memories, 1):
            memory[:] = answer[index]
        styled: Pixels = answer[0][0]
        return styled

    def reset(self) -> None:
        for memory in self._memories:
            memory[:] = 0


class _PictureInBlocks:
    """A student at the size of the frames; packing is done outside of its graph."""

    def __init__(self, request: Any, spec: EngineSpec) -> None:  # noqa: ANN401  openvino is untyped
        self._request = request
        self._packer = Packer(spec.width, spec.height, 1)

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        blocks = self._packer.pack(self._packer.padded(pixels))
        answer = self._request.infer([blocks, look], share_inputs=True, share_outputs=True)
        return self._packer.unpack(answer[0])

    def reset(self) -> None:
        """It remembers nothing."""


class _NetworkAndFinish:
    """A student at a smaller size; its maps are drawn at full size outside of its graph."""

    def __init__(self, request: Any, spec: EngineSpec) -> None:  # noqa: ANN401  openvino is untyped
        assert spec.weights is not None
        ink = ink_of(read_header(spec.weights))
        self._request = request
        self._packer = Packer(spec.width, spec.height, spec.reduction)
        self._finish = Finish(ink, self._packer.small, spec.reduction, spec.layers)

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        photo = self._packer.padded(pixels)
        blocks = self._packer.pack(photo)
        answer = self._request.infer([blocks], share_inputs=True, share_outputs=True)
        gate, colour, line = (answer[index][0] for index in range(3))
        return self._packer.cropped(self._finish(photo, gate, colour, line, look))

    def reset(self) -> None:
        """It remembers nothing."""


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
        look = example_inputs(spec)[1:] if spec.reduction == 1 else ()
        inputs = torch.full(shape, 128, dtype=torch.uint8), *look
    else:
        graph = build_graph(spec)
        inputs = example_inputs(spec, graph.memory_size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every Python number it fixes
        model = openvino.convert_model(graph, example_input=inputs)
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
