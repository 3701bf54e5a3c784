"""The CPU default: OpenVINO, everything from uint8 to uint8 inside its graph."""

from __future__ import annotations

import io
import platform
import sys
import time
from functools import cache
from typing import Any

import numpy as np

from livecartoon.backends.base import EngineSpec, check_look, check_pixels
from livecartoon.backends.cache import load_engine, store_engine
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels


class OpenVINOBackend:
    """Compiled for this CPU at one size; the compiled blob is cached, so torch loads only once."""

    name = "openvino"

    def __init__(self, spec: EngineSpec, device: str = "cpu") -> None:
        """Load the engine from the cache or build it (seconds); raises EngineError, ModelError."""
        self.spec = spec
        self.device = device
        self.key, compiled, self.build_s = _open_engine(spec)
        self._request = compiled.create_infer_request()
        self._look = np.array([1.0, 1.0, 0.0, 1.0], np.float32)
        # Only styles with `norm = ema-inputs` have a third input, their memory of the clip.
        self._memory = [np.zeros(tuple(port.shape), np.float32) for port in compiled.inputs[2:]]

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame; the result is overwritten by the next call."""
        check_pixels(self.spec, pixels)
        frame = np.ascontiguousarray(pixels)[None]
        inputs = [frame, self._look, *self._memory]
        answer = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        for index, memory in enumerate(self._memory, 1):
            memory[:] = answer[index]
        styled: Pixels = answer[0][0]
        return styled

    def set_look(self, look: Look) -> None:
        """Move the sliders; takes effect with the next frame."""
        check_look(self.spec, look)
        self._look = np.array(
            [look.ink, look.strength, look.keep_color, look.vivid], dtype=np.float32
        )

    def reset(self) -> None:
        """Forget earlier frames."""
        for memory in self._memory:
            memory[:] = 0

    def close(self) -> None:
        """Drop the engine."""
        self._request = None


def probe() -> str | None:
    """Why OpenVINO cannot be used here, or None."""
    from importlib.util import find_spec

    return None if find_spec("openvino") else "openvino is not installed"


@cache
def _core(openvino: Any) -> Any:  # noqa: ANN401  openvino is untyped
    """Return the library's one core; it lives as long as the process.

    Its CPU plugin gives the thread that made it a signal stack, and frees that stack with the
    core. Freed in another thread, the first one keeps the address, and the next Ctrl-C is a
    segmentation fault.
    """
    return openvino.Core()


def _open_engine(spec: EngineSpec) -> tuple[str, Any, float]:
    # Its converter counts uses for its maker over the network; nothing of ours may leave the
    # machine, and without this module it does not.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # bars an import
    try:
        import openvino
    except ImportError as error:
        raise EngineError(
            "E503", f"openvino is not importable ({error})", "pip install openvino"
        ) from error
    core = _core(openvino)
    cpu = core.get_property("CPU", "FULL_DEVICE_NAME")
    key = spec.key("openvino", openvino.__version__, cpu, platform.system(), platform.machine())
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(spec.threads),
        "INFERENCE_PRECISION_HINT": "f32",
    }
    if (blob := load_engine(key)) is not None:
        try:
            return key, core.import_model(io.BytesIO(blob), "CPU", settings), 0.0
        except RuntimeError:
            pass  # written by another build of the library: build it again
    started = time.monotonic()
    compiled = core.compile_model(_convert(spec, openvino), "CPU", settings)
    store_engine(key, compiled.export_model().getvalue())
    return key, compiled, time.monotonic() - started


def _convert(spec: EngineSpec, openvino: Any) -> Any:  # noqa: ANN401  openvino is untyped
    """Trace the torch graph into an OpenVINO model of fixed shapes."""
    import warnings

    from livecartoon.backends.graph import build_graph, example_inputs

    graph = build_graph(spec)
    inputs = example_inputs(spec, graph.memory_size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every Python number it fixes
        model = openvino.convert_model(graph, example_input=inputs)
    shapes = [list(value.shape) for value in inputs]
    model.reshape(dict(zip(model.inputs, shapes, strict=True)))
    return model
