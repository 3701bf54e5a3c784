"""The reference: the torch graph itself, on the CPU or, captured, on CUDA."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from livecartoon.backends.base import EngineSpec, check_look, check_pixels
from livecartoon.backends.graph import build_graph, look_tensor
from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels


class TorchBackend:
    """Eager FP32 on the CPU; half precision, channels last and one CUDA graph on a card."""

    name = "torch"

    def __init__(self, spec: EngineSpec, device: str = "cpu") -> None:
        """`device`: "cpu", "cuda" or "cuda:N"; raises EngineError E501, E506, ModelError."""
        started = time.monotonic()
        self.spec = spec
        self.key = None
        self.device = _checked_device(device)
        runner = _OnCuda(spec, self.device) if self.device != "cpu" else _OnCpu(spec)
        self._run: Callable[[Pixels, Tensor], Pixels] = runner
        self._memory = runner.memory
        self.build_s = time.monotonic() - started
        self._look = look_tensor(Look())

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame."""
        check_pixels(self.spec, pixels)
        return self._run(np.ascontiguousarray(pixels), self._look)

    def set_look(self, look: Look) -> None:
        """Move the sliders; takes effect with the next frame."""
        check_look(self.spec, look)
        self._look = look_tensor(look)

    def reset(self) -> None:
        """Forget earlier frames."""
        self._memory.zero_()

    def close(self) -> None:
        """Drop the graph and its buffers."""
        self._run = _closed


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


def _closed(pixels: Pixels, look: Tensor) -> Pixels:
    raise EngineError("E504", "the engine is closed")


class _OnCpu:
    def __init__(self, spec: EngineSpec) -> None:
        self.graph = build_graph(spec)
        self.memory = torch.zeros(self.graph.memory_size)

    def __call__(self, pixels: Pixels, look: Tensor) -> Pixels:
        with torch.inference_mode():
            drawn = _step(self.graph, torch.from_numpy(pixels)[None], look, self.memory)
        return drawn[0].contiguous().numpy()


def _step(graph: torch.nn.Module, frame: Tensor, look: Tensor, memory: Tensor) -> Tensor:
    """Run a graph; its memory of the clip, if it has one, is overwritten."""
    if not memory.numel():
        drawn: Tensor = graph(frame, look)
        return drawn
    drawn, after = graph(frame, look, memory)
    memory.copy_(after)
    return drawn


class _OnCuda:
    """Static buffers around one captured graph; pinned memory on both ways.

    The sliders are a static tensor that is overwritten, so moving them captures nothing anew.
    """

    def __init__(self, spec: EngineSpec, device: str) -> None:
        self.device = torch.device(device)
        dtype = torch.half if spec.precision == "fp16" else torch.float32
        picture = build_graph(spec)
        graph = picture.to(self.device, dtype)
        graph = graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it exists
        shape = (1, spec.height, spec.width, 3)
        self.host_in = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.host_out = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.frame = torch.zeros(shape, dtype=torch.uint8, device=self.device)
        self.look = look_tensor(Look()).to(self.device, dtype)
        self.memory = torch.zeros(picture.memory_size, device=self.device)
        self.stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]  # torch
        self.captured = torch.cuda.CUDAGraph()
        try:
            self._capture(graph)
        except torch.cuda.OutOfMemoryError as error:
            raise EngineError(
                "E506", f"{spec.width}x{spec.height} does not fit on {device}", "--infer-size 540p"
            ) from error

    @torch.inference_mode()
    def _capture(self, graph: torch.nn.Module) -> None:
        self.stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.stream):
            for _ in range(3):  # lets cuDNN choose its kernels before they are frozen
                _step(graph, self.frame, self.look, self.memory)
        self.stream.synchronize()
        # Other threads may touch CUDA while we capture, hence the thread-local mode.
        with torch.cuda.graph(self.captured, stream=self.stream, capture_error_mode="thread_local"):
            self.drawn = _step(graph, self.frame, self.look, self.memory).contiguous()
        self.memory.zero_()

    @torch.inference_mode()
    def __call__(self, pixels: Pixels, look: Tensor) -> Pixels:
        self.host_in.copy_(torch.from_numpy(pixels)[None])
        with torch.cuda.stream(self.stream):
            self.frame.copy_(self.host_in, non_blocking=True)
            self.look.copy_(look, non_blocking=True)
            self.captured.replay()
            self.host_out.copy_(self.drawn, non_blocking=True)
        self.stream.synchronize()
        return np.asarray(self.host_out.numpy()[0], dtype=np.uint8)
