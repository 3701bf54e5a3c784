"""Draws frames with compiled OpenVINO requests: whole graphs, and inner parts of students."""

from __future__ import annotations

import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.base import EngineSpec, Memory
from livecartoon.backends.blocks import Packer
from livecartoon.backends.finish import Finish
from livecartoon.frame import Pixels
from livecartoon.models.checkpoint import read_header
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.overlay import Overlay


class Engine(Protocol):
    """A compiled graph and what it takes to draw a frame with it."""

    outside_s: float
    """Busy seconds so far of what is done at the frames' size outside of the graph."""

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        """Draw a frame; the result is overwritten by the next call."""
        ...

    def reset(self) -> None:
        """Forget earlier frames."""
        ...

    def exchange(self, memory: Memory) -> Memory:
        """As `Backend.exchange`."""
        ...


def is_student(spec: EngineSpec) -> bool:
    """Whether only the inner part of the picture path is compiled."""
    return spec.weights is not None and read_header(spec.weights)["arch"] == "student"


def engine_of(request: Any, spec: EngineSpec) -> Engine:  # noqa: ANN401  openvino is untyped
    """Wrap `request` in what its graph leaves out."""
    if not is_student(spec):
        return _WholePicture(request)
    return (_NetworkAndFinish if spec.is_maps else _PictureInBlocks)(request, spec)


class _WholePicture:
    """The whole picture path as one graph: for all that are no students."""

    outside_s = 0.0

    def __init__(self, request: Any) -> None:  # noqa: ANN401  openvino is untyped
        self._request = request
        # The third input that only styles with `norm = ema-inputs` have.
        inputs = request.get_compiled_model().inputs[2:]
        self._memory: Memory = np.zeros(tuple(inputs[0].shape), np.float32) if inputs else None

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        frame = np.ascontiguousarray(pixels)[None]
        inputs = [frame, look] if self._memory is None else [frame, look, self._memory]
        answer = self._request.infer(inputs, share_inputs=True, share_outputs=True)
        if self._memory is not None:
            self._memory[:] = answer[1]
        styled: Pixels = answer[0][0]
        return styled

    def reset(self) -> None:
        self.exchange(None)

    def exchange(self, memory: Memory) -> Memory:
        before = self._memory
        if before is not None:
            self._memory = np.zeros_like(before) if memory is None else memory
        return before


def dressed(engine: Engine, spec: EngineSpec) -> Engine:
    """The same network, drawing with the overlay of `spec`."""
    assert isinstance(engine, _NetworkAndFinish)
    return _NetworkAndFinish(engine.request, spec)


class _Forgetful:
    """A graph that remembers nothing."""

    outside_s = 0.0

    def reset(self) -> None:
        """Do nothing."""

    def exchange(self, memory: Memory) -> Memory:
        """Do nothing."""
        return None


class _PictureInBlocks(_Forgetful):
    """A student at the size of the frames; packing is done outside of its graph."""

    def __init__(self, request: Any, spec: EngineSpec) -> None:  # noqa: ANN401  openvino is untyped
        self._request = request
        self._packer = Packer(spec.width, spec.height, 1)

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        blocks = self._packer.pack(self._packer.padded(pixels))
        answer = self._request.infer([blocks, look], share_inputs=True, share_outputs=True)
        return self._packer.unpack(answer[0])


class _NetworkAndFinish(_Forgetful):
    """A student whose maps are drawn at full size outside of its graph."""

    def __init__(self, request: Any, spec: EngineSpec) -> None:  # noqa: ANN401  openvino is untyped
        assert spec.weights is not None
        overlay = spec.overlay or Overlay()
        ink = overlay.lines(ink_of(read_header(spec.weights)))
        self.request = request
        self._packer = Packer(spec.width, spec.height, spec.reduction)
        self._finish = Finish(
            ink, self._packer.small, spec.reduction, spec.layers, overlay.lattice()
        )

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        start_s = time.perf_counter()
        photo = self._packer.padded(pixels)
        blocks = self._packer.pack(photo)
        packed_s = time.perf_counter()
        answer = self.request.infer([blocks], share_inputs=True, share_outputs=True)
        drawn_s = time.perf_counter()
        gate, colour, line = (answer[index][0] for index in range(3))
        finished = self._packer.cropped(self._finish(photo, gate, colour, line, look))
        self.outside_s += time.perf_counter() - drawn_s + packed_s - start_s
        return finished
