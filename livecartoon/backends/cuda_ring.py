"""The frames' way over a card: pinned buffers in turn, three streams and one captured graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from livecartoon.backends.base import EngineSpec, Memory, Once
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

Draw = Callable[[Tensor, Tensor, Tensor], Tensor]
WARMUPS = 3
"""Runs before the capture, in which libraries choose their kernels."""
SLOTS = 3
"""Frames on their way at once: one goes up, one is drawn, one comes down."""


class CudaRing:
    """Static buffers around a drawing function on the device, captured in a CUDA graph.

    The sliders are a static tensor that is overwritten, so moving them captures nothing anew.
    `begin` waits for nothing but a free slot; upload, drawing and download of neighbouring
    frames overlap on a stream each.
    """

    def __init__(
        self,
        draw: Draw,
        spec: EngineSpec,
        device: str,
        dtype: torch.dtype,
        memory_size: int = 0,
    ) -> None:
        """Capture `draw`; EngineError E506 if the card's memory is too small.

        It takes uint8 (1, H, W, 3), sliders (4,) and the memory of the clip (memory_size,),
        which it overwrites.
        """
        self.device = torch.device(device)
        shape = (1, spec.height, spec.width, 3)
        self._count = 0
        self._compute, self._up, self._down = (_stream(self.device) for _ in range(3))
        self._captured = torch.cuda.CUDAGraph()
        try:
            self._slots = [_Slot(shape, self.device, dtype) for _ in range(SLOTS)]
            self._frame = torch.zeros(shape, dtype=torch.uint8, device=self.device)
            self._look = torch.ones(4, dtype=dtype, device=self.device)
            self._memory = torch.zeros(memory_size, device=self.device)
            self._capture(draw)
        except torch.cuda.OutOfMemoryError as error:
            raise EngineError(
                "E506", f"{spec.width}x{spec.height} does not fit on {device}", "--infer-size 540p"
            ) from error

    @torch.inference_mode()
    def _capture(self, draw: Draw) -> None:
        self._compute.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._compute):
            for _ in range(WARMUPS):
                draw(self._frame, self._look, self._memory)
        self._compute.synchronize()
        # Other threads may touch CUDA while we capture, hence the thread-local mode.
        with torch.cuda.graph(
            self._captured, stream=self._compute, capture_error_mode="thread_local"
        ):
            self._drawn: Tensor = draw(self._frame, self._look, self._memory).contiguous()
        self.exchange(None)

    def __call__(self, pixels: Pixels, look: Tensor) -> Pixels:
        """Draw one frame; the pixels are the caller's."""
        return self.begin(pixels, look)()

    @torch.inference_mode()
    def begin(self, pixels: Pixels, look: Tensor) -> Once:
        """Send one frame on its way and return what waits for its pixels, in any thread.

        The frame is the caller's again at once. A slot whose frame nobody has fetched is
        fetched here first: nothing is lost, however late its owner comes.
        """
        slot = self._slots[self._count % SLOTS]
        self._count += 1
        if (unfetched := slot.pending) is not None:
            unfetched()
        slot.host_in.copy_(torch.from_numpy(np.ascontiguousarray(pixels))[None])
        slot.look.copy_(look)
        with torch.cuda.stream(self._up):
            slot.device_in.copy_(slot.host_in, non_blocking=True)
            slot.device_look.copy_(slot.look, non_blocking=True)
            slot.is_up.record(self._up)
        with torch.cuda.stream(self._compute):
            self._compute.wait_event(slot.is_up)
            self._frame.copy_(slot.device_in)
            self._look.copy_(slot.device_look)
            self._captured.replay()
            slot.device_out.copy_(self._drawn)
            slot.is_drawn.record(self._compute)
        with torch.cuda.stream(self._down):
            self._down.wait_event(slot.is_drawn)
            slot.host_out.copy_(slot.device_out, non_blocking=True)
            slot.is_down.record(self._down)
        slot.pending = Once(partial(_fetched, slot))
        return slot.pending

    def close(self) -> None:
        """Wait for the frames on their way: the buffers may be given up then."""
        for slot in self._slots:
            if (unfetched := slot.pending) is not None:
                unfetched()

    @torch.inference_mode()
    def exchange(self, memory: Memory) -> Memory:
        """As `Backend.exchange`, between the frames begun before and those begun after."""
        if not self._memory.numel():
            return None
        with torch.cuda.stream(self._compute):
            before: Memory = self._memory.cpu().numpy().copy()
            self._memory.zero_()
            if memory is not None:
                self._memory.copy_(torch.from_numpy(memory))
        self._compute.synchronize()
        return before


def _fetched(slot: _Slot) -> Pixels:
    """Wait for the slot's frame, uint8 RGB (H, W, 3), the caller's; the slot is free then."""
    slot.is_down.synchronize()
    pixels = np.array(slot.host_out.numpy()[0], dtype=np.uint8)
    slot.pending = None
    return pixels


class _Slot:
    """Buffers of one frame on its way, and the marks of how far it is."""

    def __init__(self, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype) -> None:
        self.host_in = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.host_out = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.look = torch.empty(4, dtype=dtype).pin_memory()
        self.device_in = torch.empty(shape, dtype=torch.uint8, device=device)
        self.device_out = torch.empty(shape, dtype=torch.uint8, device=device)
        self.device_look = torch.empty(4, dtype=dtype, device=device)
        self.is_up, self.is_drawn, self.is_down = (_event() for _ in range(3))
        self.pending: Once | None = None


def _event() -> torch.cuda.Event:
    """Waiting for it lets other threads run instead of turning in circles."""
    return torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch
