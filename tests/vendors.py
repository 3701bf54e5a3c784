"""Stand-ins for vendors' libraries that need a card: they take the real arguments and note them.

The signatures are those of the released wheels (torch-tensorrt 2.13, TensorRT for RTX 1.7), so
that an option we misspell is a TypeError here and not silence on a user's card.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


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


class CudaStandIn:
    """`torch.cuda` as far as a ring of buffers calls it, with the CPU's arithmetic.

    Streams are lazy: what is copied or replayed on one is done only when somebody waits for it,
    so that a wait that is missing shows as an old picture. Graphs replay what they recorded, on
    the same tensors.
    """

    def __init__(self, monkeypatch: Any) -> None:
        self.waits = 0
        """How often the program stood still for the card."""
        self.pinned = 0
        self._current = self.Stream()
        cuda = {
            "Stream": lambda device=None: self.Stream(),
            "Event": lambda blocking=False: _Event(self),
            "CUDAGraph": lambda: _Graph(self),
            "graph": self._graph,
            "stream": self._on,
            "current_stream": lambda device=None: self._current,
        }
        for name, value in cuda.items():
            monkeypatch.setattr(torch.cuda, name, value)
        monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: self._pin(tensor))

    def Stream(self) -> _Stream:
        return _Stream(self)

    def _pin(self, tensor: torch.Tensor) -> torch.Tensor:
        self.pinned += 1
        return tensor.clone()

    @contextmanager
    def _on(self, stream: _Stream) -> Iterator[None]:
        before, self._current = self._current, stream
        with _Deferred(stream):
            yield
        self._current = before

    @contextmanager
    def _graph(self, graph: _Graph, *, stream: _Stream, capture_error_mode: str) -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        with graph.recorder:
            yield


class _Stream:
    def __init__(self, card: CudaStandIn) -> None:
        self.card = card
        self.queue: deque[Callable[[], Any]] = deque()

    def wait_stream(self, other: _Stream) -> None:
        other.drain()

    def wait_event(self, event: _Event) -> None:
        self.queue.append(event.reacher())

    def synchronize(self) -> None:
        self.card.waits += 1
        self.drain()

    def drain(self) -> None:
        while self.queue:
            self.queue.popleft()()


class _Event:
    def __init__(self, card: CudaStandIn) -> None:
        self.card = card
        self._reach: Callable[[], None] = lambda: None

    def record(self, stream: _Stream) -> None:
        passed: list[bool] = []
        stream.queue.append(lambda: passed.append(True))

        def reach() -> None:
            while not passed:
                stream.queue.popleft()()

        self._reach = reach

    def reacher(self) -> Callable[[], None]:
        return self._reach

    def synchronize(self) -> None:
        self.card.waits += 1
        self._reach()


class _Deferred(TorchDispatchMode):
    def __init__(self, stream: _Stream) -> None:
        super().__init__()
        self.stream = stream

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.copy_.default:
            self.stream.queue.append(partial(func, *args, **(kwargs or {})))
            return args[0]
        self.stream.drain()
        return func(*args, **(kwargs or {}))


class _Graph:
    def __init__(self, card: CudaStandIn) -> None:
        self.card = card
        self.recorder = _Recorder()

    def replay(self) -> None:
        self.card._current.queue.append(self.recorder.play)


class _Recorder(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[Callable[[], Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        step = partial(func, *args, **(kwargs or {}))
        out = step()
        self.steps.append((step, out))
        return out

    @torch.inference_mode()
    def play(self) -> None:
        for step, out in self.steps:
            for old, new in zip(tree_leaves(out), tree_leaves(step()), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)
