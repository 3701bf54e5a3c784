"""TensorRT by torch-tensorrt, ahead of time: the network inside, bytes cast outside of it."""

from __future__ import annotations

import hashlib
import io
import logging
import platform
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from livecartoon.backends.base import ON_CPUS_ONLY, Build, EngineSpec, Fetch
from livecartoon.backends.cache import load_engine, store_engine
from livecartoon.backends.cuda_ring import CudaRing
from livecartoon.backends.graph import example_inputs, look_tensor, without_memory
from livecartoon.backends.selftest import Draw
from livecartoon.backends.stored import StoredBackend
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

log = logging.getLogger(__name__)

REMEDY = 'pip install "livecartoon[tensorrt]"'
OPTIMIZATION_LEVEL = 3
"""Of 5: the last two take minutes more for a few per cent."""


class TensorRTBackend(StoredBackend[CudaRing]):
    """A serialised engine of one size for one card.

    `reset` has nothing to forget: styles with a memory of the clip are not built for it.
    """

    name = "tensorrt"

    def __init__(
        self, spec: EngineSpec, device: str = "cuda:0", build: Build | None = None
    ) -> None:
        """Load or build (minutes); raises EngineError E501, E503, E504, E505, ModelError."""
        super().__init__(TensorRTCompiler(spec, device), build)

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Name of the stored engine on this card."""
        return TensorRTCompiler(spec, device).key

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame."""
        return self.begin(pixels)()

    def begin(self, pixels: Pixels) -> Fetch:
        """Send one frame on its way."""
        return self.engine_for(pixels).begin(pixels, torch.from_numpy(self._look))

    def close(self) -> None:
        """Drop the engine, after the frames on their way."""
        if self._engine is not None:
            self._engine.close()
        super().close()


def probe() -> str | None:
    """Why TensorRT cannot be used here, or None; imports it only where there is a card."""
    from importlib.util import find_spec

    from livecartoon.backends.driver import has_cuda_driver

    if not has_cuda_driver():
        return "there is no CUDA device"
    if find_spec("torch_tensorrt") is None:
        return "torch-tensorrt is not installed"
    try:
        library()
    except EngineError as error:
        log.info("tensorrt is not used: %s", error.message)
        log.debug("raised here", exc_info=error)
        return error.message
    return None


def library() -> Any:  # noqa: ANN401  torch-tensorrt is untyped
    """Return torch_tensorrt; EngineError E503 whatever its import raises."""
    try:
        return import_module("torch_tensorrt")
    except Exception as error:  # it runs compiled code that looks for cards and drivers: anything
        reason = str(error).splitlines()[0] if str(error) else ""
        raise EngineError(
            "E503",
            f"torch-tensorrt is not importable ({type(error).__name__}: {reason})",
            REMEDY,
            "drop --backend tensorrt (torch fp16 runs on this GPU)",
        ) from error


class TensorRTCompiler:
    """Compiles the picture path between its casts; the casts stay with torch."""

    name = "tensorrt"

    def __init__(self, spec: EngineSpec, device: str) -> None:
        if spec.precision in ON_CPUS_ONLY:
            raise EngineError("E503", f"tensorrt runs no {spec.precision} here", "--precision fp16")
        if not device.startswith("cuda"):
            raise EngineError(
                "E501", f"tensorrt needs a CUDA device, not {device}", "--device auto"
            )
        self.spec, self.device = spec, device
        self._library = library()
        properties = torch.cuda.get_device_properties(device)
        self._machine = (
            "tensorrt",
            str(self._library.__version__),
            str(torch.__version__),
            str(torch.version.cuda),
            properties.name,
            f"{properties.major}.{properties.minor}",
            platform.system(),
            str(OPTIMIZATION_LEVEL),
        )
        self.key = replace(spec, threads=0).key(*self._machine)

    @property
    def dtype(self) -> torch.dtype:
        """Type the engine computes in."""
        return torch.half if self.spec.precision == "fp16" else torch.float32

    def build(self, build: Build) -> bytes:
        """Export, compile, serialise; EngineError E504 if anything would fall back to torch."""
        build.phase("exporting")
        picture = without_memory(self.spec).to(self.device, self.dtype)
        picture.levels_type = self.dtype
        inputs = tuple(x.to(self.device, self.dtype) for x in example_inputs(self.spec))
        try:
            with torch.inference_mode():
                program = torch.export.export(picture, inputs)
            with tempfile.TemporaryDirectory(prefix="livecartoon-tensorrt-") as folder:
                return self._compiled(program, inputs, Path(folder), build)
        except (RuntimeError, ValueError, AssertionError, TypeError, OSError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise EngineError(
                "E504", f"torch-tensorrt: {reason[:300]}", "--backend torch"
            ) from error

    def _compiled(
        self,
        program: torch.export.ExportedProgram,
        inputs: tuple[Tensor, ...],
        folder: Path,
        build: Build,
    ) -> bytes:
        """Compile and serialise; the timing cache is handed over only if its hash fits.

        No precision is named: the library ignores it without a word, the model's type is what
        counts. None of its engine caches is used: their key leaves out the weights.
        """
        timing, timing_key = folder / "timing", self._timing_key()
        if (kept := load_engine(timing_key)) is not None:
            timing.write_bytes(kept.blob)
        build.phase("compiling")
        compiled = self._library.dynamo.compile(
            program,
            arg_inputs=list(inputs),
            require_full_compilation=True,
            min_block_size=1,
            immutable_weights=True,
            optimization_level=OPTIMIZATION_LEVEL,
            cache_built_engines=False,
            reuse_cached_engines=False,
            hardware_compatible=False,
            timing_cache_path=str(timing),
        )
        if timing.is_file():
            store_engine(timing_key, timing.read_bytes(), {"backend": "tensorrt timings"})
        build.phase("serialising")
        path = folder / "engine.ep"
        self._library.save(
            compiled, str(path), output_format="exported_program", arg_inputs=list(inputs)
        )
        return path.read_bytes()

    def _timing_key(self) -> str:
        """One timing cache for all engines of this card and these versions."""
        return hashlib.sha256("|".join(("timings", *self._machine)).encode()).hexdigest()

    def load(self, blob: bytes) -> CudaRing:
        """Deserialise our own bytes, whose hash was compared, and capture the frame's path."""
        try:
            engine = torch.export.load(io.BytesIO(blob)).module()
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError("E504", f"torch-tensorrt cannot load it: {error}") from error

        def draw(frame: Tensor, look: Tensor, memory: Tensor) -> Tensor:
            levels: Tensor = engine(frame.to(self.dtype), look)
            if levels.dtype != self.dtype:
                raise EngineError(
                    "E504", f"the engine computes in {levels.dtype}, not {self.dtype}", "--force"
                )
            return levels.to(torch.uint8)

        return CudaRing(draw, self.spec, self.device, self.dtype)

    def draw(self, loaded: CudaRing) -> Draw:
        """Draw with the identity look."""
        look = look_tensor(Look())
        return lambda pixels: loaded(pixels, look)
