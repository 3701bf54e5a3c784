"""TensorRT for RTX: engines by its own Python interface, kernels chosen at the first run."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from livecartoon.backends.base import ON_CPUS_ONLY, Build, EngineSpec, Fetch
from livecartoon.backends.cache import load_engine, store_engine
from livecartoon.backends.cuda_ring import CudaRing
from livecartoon.backends.graph import look_tensor
from livecartoon.backends.rtx_builder import build_engine, check_sms, library, make_logger
from livecartoon.backends.selftest import Draw
from livecartoon.backends.stored import StoredBackend
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

HEADER_BYTES = 64
"""What the library looks at to say whether an engine is for this machine."""


class RtxBackend(StoredBackend["RtxEngine"]):
    """An engine for consumer cards from Turing on; data-centre Hopper is not among them.

    `reset` has nothing to forget: styles with a memory of the clip are not built for it.
    """

    name = "rtx"

    def __init__(
        self, spec: EngineSpec, device: str = "cuda:0", build: Build | None = None
    ) -> None:
        """Load or build (seconds, then the kernels); raises EngineError, ModelError."""
        super().__init__(RtxCompiler(spec, device), build)

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Name of the stored engine on this card."""
        return RtxCompiler(spec, device).key

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame."""
        return self.begin(pixels)()

    def begin(self, pixels: Pixels) -> Fetch:
        """Send one frame on its way."""
        return self.engine_for(pixels).ring.begin(pixels, torch.from_numpy(self._look))

    def close(self) -> None:
        """Drop the engine; the kernels it chose are kept for the next start."""
        if self._engine is not None:
            self._engine.ring.close()
            self._engine.keep_kernels()
        super().close()


def probe() -> str | None:
    """Why TensorRT for RTX cannot be used here, or None."""
    from livecartoon.backends.driver import has_cuda_driver

    if not has_cuda_driver():
        return "there is no CUDA device"
    try:
        check_sms(library(), (compute_capability("cuda:0"),))
    except EngineError as error:
        return error.message
    return None


def compute_capability(device: str) -> str:
    """Such as "89"."""
    major, minor = torch.cuda.get_device_capability(device)
    return f"{major}{minor}"


class RtxCompiler:
    """Builds for the SM of one card."""

    name = "rtx"

    def __init__(self, spec: EngineSpec, device: str) -> None:
        if spec.precision in ON_CPUS_ONLY:
            raise EngineError("E503", f"rtx runs no {spec.precision} here", "--precision fp16")
        if not device.startswith("cuda"):
            raise EngineError("E501", f"rtx needs a CUDA device, not {device}", "--device auto")
        self.spec, self.device = spec, device
        self._trt = library()
        self.sm = compute_capability(device)
        check_sms(self._trt, (self.sm,))
        version = str(self._trt.__version__)
        self.key = replace(spec, threads=0).key("rtx", version, self.sm, platform.system())

    def build(self, build: Build) -> bytes:
        """Compile; needs no kernels of this card yet."""
        return build_engine(self.spec, (self.sm,), build)

    def load(self, blob: bytes) -> RtxEngine:
        """Deserialise and capture; EngineError E504 with the library's own reason."""
        dtype = torch.half if self.spec.precision == "fp16" else torch.float32
        context = RtxContext(self._trt, blob, self.key)
        shape = (1, self.spec.height, self.spec.width, 3)
        return RtxEngine(context, self.spec, self.device, dtype, shape)

    def draw(self, loaded: RtxEngine) -> Draw:
        """Draw with the identity look."""
        look = look_tensor(Look())
        return lambda pixels: loaded.ring(pixels, look)


class RtxEngine:
    """A context with its static output, drawn inside one captured graph."""

    def __init__(
        self,
        context: RtxContext,
        spec: EngineSpec,
        device: str,
        dtype: torch.dtype,
        shape: tuple[int, ...],
    ) -> None:
        self._context = context
        cartoon = torch.zeros(shape, dtype=torch.uint8, device=device)

        def draw(frame: Tensor, look: Tensor, memory: Tensor) -> Tensor:
            stream = torch.cuda.current_stream(device).cuda_stream
            context.run(frame.data_ptr(), look.data_ptr(), cartoon.data_ptr(), stream)
            return cartoon

        self.ring = CudaRing(draw, spec, device, dtype)

    def keep_kernels(self) -> None:
        """Store the library's runtime cache."""
        self._context.keep_kernels()


class RtxContext:
    """The library's side: runtime, engine, execution context, kernel cache."""

    def __init__(self, trt: Any, blob: bytes, key: str) -> None:  # noqa: ANN401  untyped
        self._logger = make_logger(trt)
        self._runtime = trt.Runtime(self._logger)
        self._runtime.engine_host_code_allowed = False
        self._check(trt, blob)
        self._engine = self._runtime.deserialize_cuda_engine(blob)
        if self._engine is None:
            raise self._failed("load the engine")
        config = self._engine.create_runtime_config()
        self._cache_key = hashlib.sha256(f"{key}|kernels".encode()).hexdigest()
        self._cache = config.create_runtime_cache()
        if (kept := load_engine(self._cache_key)) is not None:
            self._cache.deserialize(kept.blob)
        config.set_runtime_cache(self._cache)
        # We capture the graph ourselves; lazily chosen kernels would be slow, then fast.
        config.cuda_graph_strategy = trt.CudaGraphStrategy.DISABLED
        strategies = trt.DynamicShapesKernelSpecializationStrategy
        config.dynamic_shapes_kernel_specialization_strategy = strategies.EAGER
        self._context = self._engine.create_execution_context(config)
        if self._context is None:
            raise self._failed("make a context")

    def run(self, frame: int, look: int, cartoon: int, stream: int) -> None:
        """Enqueue one frame on a stream; all addresses are of device memory."""
        for name, address in (("frame", frame), ("look", look), ("cartoon", cartoon)):
            self._context.set_tensor_address(name, address)
        if not self._context.execute_async_v3(stream):
            raise self._failed("run")

    def keep_kernels(self) -> None:
        """Store the kernels chosen on this card, so that the next start is quick."""
        blob = bytes(self._cache.serialize())
        store_engine(self._cache_key, blob, {"backend": "rtx kernels"})

    def _check(self, trt: Any, blob: bytes) -> None:  # noqa: ANN401  untyped
        answer = self._runtime.get_engine_validity(blob[:HEADER_BYTES])
        validity = answer[0] if isinstance(answer, tuple) else answer
        if validity == trt.EngineValidity.INVALID:
            raise self._failed("accept the engine for this card and version")

    def _failed(self, step: str) -> EngineError:
        reason = "; ".join(self._logger.errors[-2:]) or "no reason given"
        return EngineError("E504", f"TensorRT for RTX did not {step}: {reason[:300]}")
