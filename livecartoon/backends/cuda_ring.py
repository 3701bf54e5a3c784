"""One frame's way over a card: pinned buffers, a stream and one captured graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from livecartoon.backends.base import EngineSpec
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

Draw = Callable[[Tensor, Tensor, Tensor], Tensor]
WARMUPS = 3
"""Runs before the capture, in which libraries choose their kernels."""


class CudaRing:
    """Static buffers around a drawing function on the device, captured in a CUDA graph.

    The sliders are a static tensor that is overwritten, so moving them captures nothing anew.
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
        self.host_in = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.host_out = torch.empty(shape, dtype=torch.uint8).pin_memory()
        self.frame = torch.zeros(shape, dtype=torch.uint8, device=self.device)
        self.look = torch.ones(4, dtype=dtype, device=self.device)
        self.memory = torch.zeros(memory_size, device=self.device)
        self.stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]  # torch
        self.captured = torch.cuda.CUDAGraph()
        try:
            self._capture(draw)
        except torch.cuda.OutOfMemoryError as error:
            raise EngineError(
                "E506", f"{spec.width}x{spec.height} does not fit on {device}", "--infer-size 540p"
            ) from error

    @torch.inference_mode()
    def _capture(self, draw: Draw) -> None:
        self.stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self.stream):
            for _ in range(WARMUPS):
                draw(self.frame, self.look, self.memory)
        self.stream.synchronize()
        # Other threads may touch CUDA while we capture, hence the thread-local mode.
        with torch.cuda.graph(self.captured, stream=self.stream, capture_error_mode="thread_local"):
            self.drawn: Tensor = draw(self.frame, self.look, self.memory).contiguous()
        self.memory.zero_()

    @torch.inference_mode()
    def __call__(self, pixels: Pixels, look: Tensor) -> Pixels:
        """Draw one frame; the result is overwritten by the next call."""
        self.host_in.copy_(torch.from_numpy(np.ascontiguousarray(pixels))[None])
        with torch.cuda.stream(self.stream):
            self.frame.copy_(self.host_in, non_blocking=True)
            self.look.copy_(look, non_blocking=True)
            self.captured.replay()
            self.host_out.copy_(self.drawn, non_blocking=True)
        self.stream.synchronize()
        return np.asarray(self.host_out.numpy()[0], dtype=np.uint8)
