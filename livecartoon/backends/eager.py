"""The reference: the torch graph itself, on the CPU or, captured, on CUDA."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from livecartoon.backends.base import (
    ON_CPUS_ONLY,
    Build,
    EngineSpec,
    Fetch,
    Memory,
    check_look,
    check_pixels,
    closed_error,
)
from livecartoon.backends.cuda_ring import CudaRing
from livecartoon.backends.graph import build_graph, look_tensor
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels


class TorchBackend:
    """Eager FP32 on the CPU; half precision, channels last and one CUDA graph on a card."""

    name = "torch"

    def __init__(self, spec: EngineSpec, device: str = "cpu", build: Build | None = None) -> None:
        """`device`: "cpu", "cuda" or "cuda:N"; raises EngineError E501, E506, ModelError."""
        if spec.precision in ON_CPUS_ONLY:
            text = f"torch runs no {spec.precision} here"
            raise EngineError("E503", text, "--backend openvino")
        started = time.monotonic()
        self.spec = spec
        self.key: str | None = None
        self.record: dict[str, Any] = {}
        self.device = _checked_device(device)
        self._runner: CudaRing | _OnCpu | None = (
            _on_cuda(spec, self.device) if self.device != "cpu" else _OnCpu(spec)
        )
        self.build_s = time.monotonic() - started
        self._look = look_tensor(Look())

    @staticmethod
    def key_of(spec: EngineSpec, device: str) -> str | None:
        """Nothing is stored: the weights file is all there is."""
        return None

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame."""
        return self._runner_for(pixels)(pixels, self._look)

    def begin(self, pixels: Pixels) -> Fetch:
        """Send one frame on its way; on the CPU it arrives at once."""
        return self._runner_for(pixels).begin(pixels, self._look)

    def _runner_for(self, pixels: Pixels) -> CudaRing | _OnCpu:
        check_pixels(self.spec, pixels)
        return self._open_runner()

    def _open_runner(self) -> CudaRing | _OnCpu:
        if self._runner is None:
            raise closed_error()
        return self._runner

    def set_look(self, look: Look) -> None:
        """Move the sliders; takes effect with the next frame."""
        check_look(self.spec, look)
        self._look = look_tensor(look)

    def reset(self) -> None:
        """Forget earlier frames."""
        if self._runner is not None:
            self._runner.exchange(None)

    def exchange(self, memory: Memory) -> Memory:
        """Go on with another memory of the clip; return the one in use until now."""
        return self._open_runner().exchange(memory)

    def close(self) -> None:
        """Drop the graph and its buffers."""
        if isinstance(self._runner, CudaRing):
            self._runner.close()
        self._runner = None


def probe() -> str | None:
    """Torch is a requirement: always there."""
    return None


def _checked_device(device: str) -> str:
    if device == "cpu":
        return device
    if not torch.cuda.is_available():
        raise EngineError("E501", f"no CUDA device for {device!r}", "--device cpu")
    index = int(device.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise EngineError("E501", f"no CUDA device {index}", "livecartoon devices --gpus")
    return f"cuda:{index}"


class _OnCpu:
    def __init__(self, spec: EngineSpec) -> None:
        self.graph = build_graph(spec)
        self.memory = torch.zeros(self.graph.memory_size)

    def __call__(self, pixels: Pixels, look: Tensor) -> Pixels:
        with torch.inference_mode():
            frame = torch.from_numpy(np.ascontiguousarray(pixels))[None]
            drawn = _step(self.graph, frame, look, self.memory)
        return drawn[0].contiguous().numpy()

    def begin(self, pixels: Pixels, look: Tensor) -> Fetch:
        drawn = self(pixels, look)
        return lambda: drawn

    def exchange(self, memory: Memory) -> Memory:
        if not self.memory.numel():
            return None
        before = self.memory.numpy().copy()
        self.memory.zero_()
        if memory is not None:
            self.memory.copy_(torch.from_numpy(memory))
        return before


def _step(graph: torch.nn.Module, frame: Tensor, look: Tensor, memory: Tensor) -> Tensor:
    """Run a graph; its memory of the clip, if it has one, is overwritten."""
    if not memory.numel():
        drawn: Tensor = graph(frame, look)
        return drawn
    drawn, after = graph(frame, look, memory)
    memory.copy_(after)
    return drawn


def _on_cuda(spec: EngineSpec, device: str) -> CudaRing:
    dtype = torch.half if spec.precision == "fp16" else torch.float32
    picture = build_graph(spec)
    graph = picture.to(torch.device(device), dtype)
    graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it exists
    step = partial(_step, graph)
    return CudaRing(step, spec, device, dtype, picture.memory_size)
