"""ONNX Runtime: slower than the native backends, but there on machines that have none of them."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.base import ON_CPUS_ONLY, Build, EngineSpec, Memory, look_values
from livecartoon.backends.selftest import Draw
from livecartoon.backends.stored import StoredBackend
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

PROVIDERS = {
    "cuda": ("CUDAExecutionProvider",),
    "cpu": ("DmlExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider"),
}
"""What may run a device's engines, the best first; a platform's own accelerators count as its
CPU's, for they are named by no --device."""


class OrtBackend(StoredBackend[Any]):
    """An ONNX file of the whole picture path in a session of ONNX Runtime."""

    name = "ort"

    def __init__(self, spec: EngineSpec, device: str = "cpu", build: Build | None = None) -> None:
        """Load the file from the cache or export it (seconds); raises EngineError, ModelError."""
        super().__init__(OrtCompiler(spec, device), build)
        self._memory = empty_memory(self._engine)

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Name of the stored file on this machine."""
        return OrtCompiler(spec, device).key

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame."""
        return _infer(self.engine_for(pixels), pixels, self._look, self._memory)

    def reset(self) -> None:
        """Forget earlier frames."""
        self._memory.fill(0)

    def exchange(self, memory: Memory) -> Memory:
        """Go on with another memory of the clip; return the one in use until now."""
        before = self._memory
        if not before.size:
            return None
        self._memory = np.zeros_like(before) if memory is None else memory
        return before


def probe() -> str | None:
    """Why ONNX Runtime cannot be used here, or None."""
    from importlib.util import find_spec

    missing = [name for name in ("onnxruntime", "onnxscript") if not find_spec(name)]
    return f"{missing[0]} is not installed" if missing else None


class OrtCompiler:
    """Exports ONNX; compiling is the runtime's own business at every start."""

    name = "ort"

    def __init__(self, spec: EngineSpec, device: str) -> None:
        if spec.precision in ON_CPUS_ONLY:
            text = f"ort runs no {spec.precision} here"
            raise EngineError("E503", text, "--backend openvino")
        self.spec, self.device = spec, device
        self._library = library()
        self.providers = providers_for(device, self._library.get_available_providers())
        # The file is the same for every number of threads and every processor.
        self.key = replace(spec, threads=0, precision="fp32").key(
            "ort", self._library.__version__, self.providers[0], platform.system()
        )

    def load(self, blob: bytes) -> Any:  # noqa: ANN401  onnxruntime is untyped
        """Make a session that keeps to its threads; EngineError if it refuses."""
        options = self._library.SessionOptions()
        options.intra_op_num_threads = self.spec.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning while it waits for the next frame steals the encoder's core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = self._library.InferenceSession(blob, options, providers=self.providers)
        except (RuntimeError, ValueError, self._library.capi.onnxruntime_pybind11_state.Fail) as e:
            raise EngineError("E504", f"onnxruntime: {e}", "--backend openvino") from e
        if self.providers[0] not in session.get_providers():
            # It goes on with the next provider and only logs that; we do not.
            raise EngineError(
                "E504", f"onnxruntime does without {self.providers[0]}", "--device cpu"
            )
        return session

    def build(self, build: Build) -> bytes:
        """Export the graph."""
        from livecartoon.backends.onnx import onnx_bytes

        build.phase("exporting")
        return onnx_bytes(replace(self.spec, precision="fp32"))

    def draw(self, loaded: Any) -> Draw:  # noqa: ANN401  onnxruntime is untyped
        """Draw with the identity look, each frame as the first of a clip."""
        look = look_values(Look())
        return lambda pixels: _infer(loaded, pixels, look, empty_memory(loaded))


def providers_for(device: str, available: list[str]) -> list[str]:
    """The providers to ask for, the first one obligatory; EngineError E503 if there is none."""
    wanted = PROVIDERS["cuda" if device.startswith("cuda") else "cpu"]
    found = [name for name in wanted if name in available]
    if not found:
        remedy = "pip install onnxruntime-gpu" if device.startswith("cuda") else "--backend torch"
        raise EngineError("E503", f"onnxruntime has no {wanted[0]}", remedy)
    return found


def library() -> Any:  # noqa: ANN401  onnxruntime is untyped
    """Return the module onnxruntime; EngineError E503 if it cannot be imported."""
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(
            "E503",
            f"onnxruntime is not importable ({error})",
            'pip install "livecartoon[ort]"',
        ) from error
    return onnxruntime


def empty_memory(session: Any) -> NDArray[np.float32]:  # noqa: ANN401  onnxruntime is untyped
    """Zeros for the memory of the clip, of length 0 for the graphs that have none."""
    shapes = {port.name: port.shape for port in session.get_inputs()}
    return np.zeros(shapes.get("memory", [0]), np.float32)


def _infer(
    session: Any,  # noqa: ANN401  onnxruntime is untyped
    pixels: Pixels,
    look: NDArray[np.float32],
    memory: NDArray[np.float32],
) -> Pixels:
    """Draw a frame; the memory of the clip, if there is one, is overwritten."""
    feed = {"frame": np.ascontiguousarray(pixels)[None], "look": look}
    if not memory.size:
        cartoon: Pixels = session.run(["cartoon"], feed)[0][0]
        return cartoon
    drawn, after = session.run(["cartoon", "memory_after"], feed | {"memory": memory})
    memory[:] = after
    first: Pixels = drawn[0]
    return first
