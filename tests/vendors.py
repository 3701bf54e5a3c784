"""Stand-ins for vendors' libraries that need a card: they take the real arguments and note them.

The signatures are those of the released wheels (torch-tensorrt 2.13, TensorRT for RTX 1.7), so
that an option we misspell is a TypeError here and not silence on a user's card.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch


class TorchTensorRT:
    """`torch_tensorrt` as far as we call it."""

    __version__ = "2.13.0"

    def __init__(self, output: torch.dtype | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.dynamo = SimpleNamespace(compile=self._compile)
        self.output = output

    def _compile(
        self,
        exported_program: Any,
        inputs: Any = None,
        *,
        arg_inputs: Any = None,
        require_full_compilation: bool = False,
        min_block_size: int = 5,
        immutable_weights: bool = True,
        optimization_level: int | None = None,
        cache_built_engines: bool = False,
        reuse_cached_engines: bool = False,
        hardware_compatible: bool = False,
        timing_cache_path: str = "",
    ) -> Any:
        given = {k: v for k, v in locals().items() if k not in ("self", "exported_program")}
        self.calls.append(("compile", given))
        Path(timing_cache_path).write_bytes(b"timings")
        return exported_program

    def save(
        self,
        module: Any,
        file_path: str,
        *,
        output_format: str = "exported_program",
        arg_inputs: Any = None,
    ) -> None:
        self.calls.append(("save", {"output_format": output_format}))
        assert isinstance(module, torch.export.ExportedProgram)
        Path(file_path).write_bytes(b"program" * 2000)


class RtxRuntimeStandIn:
    """The run-time half of `tensorrt_rtx`, around the real module's enums."""

    def __init__(self, trt: Any, *, validity: Any = None, loads: bool = True) -> None:
        self.ILogger = trt.ILogger
        self.EngineValidity = trt.EngineValidity
        self.CudaGraphStrategy = trt.CudaGraphStrategy
        self.DynamicShapesKernelSpecializationStrategy = (
            trt.DynamicShapesKernelSpecializationStrategy
        )
        self.validity = validity if validity is not None else trt.EngineValidity.VALID
        self.loads = loads
        self.calls: list[tuple[Any, ...]] = []
        self.config = SimpleNamespace(
            create_runtime_cache=lambda: self.cache,
            set_runtime_cache=lambda cache: self.calls.append(("set_runtime_cache",)),
        )
        self.cache = SimpleNamespace(
            deserialize=lambda blob: self.calls.append(("deserialize", blob)),
            serialize=lambda: b"kernels",
        )
        self.context = SimpleNamespace(
            set_tensor_address=lambda name, at: self.calls.append(("address", name, at)),
            execute_async_v3=lambda stream: self.calls.append(("run", stream)) or True,
        )

    def Runtime(self, logger: Any) -> Any:
        def deserialize(blob: bytes) -> Any:
            return self._engine() if self.loads else None

        def validity(header: bytes) -> tuple[Any, int]:
            self.calls.append(("validity", len(header)))
            return self.validity, 0

        return SimpleNamespace(
            deserialize_cuda_engine=deserialize,
            get_engine_validity=validity,
            engine_host_code_allowed=True,
        )

    def _engine(self) -> Any:
        return SimpleNamespace(
            create_runtime_config=lambda: self.config,
            create_execution_context=lambda config: self.context,
        )
