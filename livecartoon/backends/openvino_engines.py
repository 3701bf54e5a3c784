"""Draws frames with compiled OpenVINO requests: whole graphs, and the networks of students."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from livecartoon.backends.base import EngineSpec, Fetch, Memory, Once, at_once
from livecartoon.backends.blocks import Packer
from livecartoon.backends.finish import Finish
from livecartoon.backends.fullsize import Decided, Lines
from livecartoon.frame import Pixels
from livecartoon.models.checkpoint import read_header
from livecartoon.models.inkstyle import ink_of
from livecartoon.models.overlay import Overlay

AHEAD = 3
"""Frames begun and not yet drawn, at most: one being drawn, one waiting, one being begun."""


class Engine(Protocol):
    """A compiled graph and what it takes to draw a frame with it."""

    network_s: float
    """Busy seconds of the graph so far."""

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        """Draw a frame; the result is overwritten by the next call."""
        ...

    def begin(self, pixels: Pixels, look: NDArray[np.float32]) -> Fetch:
        """As `Overlapping.begin`."""
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
    return _NetworkAndFinish(request, spec) if is_student(spec) else _WholePicture(request)


class _Timed:
    """Adds up the time that the graph takes."""

    network_s = 0.0

    def _infer(self, request: Any, inputs: Any) -> Any:  # noqa: ANN401  openvino is untyped
        started_s = time.perf_counter()
        answer = request.infer(inputs, share_inputs=True, share_outputs=True)
        self.network_s += time.perf_counter() - started_s
        return answer


class _WholePicture(_Timed):
    """The whole picture path as one graph: for all that are no students."""

    def __init__(self, request: Any) -> None:  # noqa: ANN401  openvino is untyped
        self._request = request
        # The third input that only styles with `norm = ema-inputs` have.
        inputs = request.get_compiled_model().inputs[2:]
        self._memory: Memory = np.zeros(tuple(inputs[0].shape), np.float32) if inputs else None

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        frame = np.ascontiguousarray(pixels)[None]
        inputs = [frame, look] if self._memory is None else [frame, look, self._memory]
        answer = self._infer(self._request, inputs)
        if self._memory is not None:
            self._memory[:] = answer[1]
        styled: Pixels = answer[0][0]
        return styled

    def begin(self, pixels: Pixels, look: NDArray[np.float32]) -> Fetch:
        """Draw it, and keep a copy: there is nothing to leave for later."""
        return at_once(self(pixels, look))

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


class _NetworkAndFinish(_Timed):
    """A student whose maps are drawn at full size outside of its graph.

    A frame that is begun has its lines; who fetches it draws it. So two threads share the work.
    """

    def __init__(self, request: Any, spec: EngineSpec) -> None:  # noqa: ANN401  openvino is untyped
        assert spec.weights is not None
        overlay = spec.overlay or Overlay()
        ink = overlay.lines(ink_of(read_header(spec.weights)))
        self.request = request
        self._packer = Packer(spec.width, spec.height, spec.reduction)
        self._finish = Finish(
            ink, self._packer.small, spec.reduction, spec.layers, overlay.lattice()
        )
        model = request.get_compiled_model()
        requests = [request, *(model.create_infer_request() for _ in range(AHEAD - 1))]
        self._lanes = [_Lane(each, self._finish.new_lines()) for each in requests]
        self._drawing = threading.Lock()
        self._drawn = np.empty((self._packer.rows, self._packer.columns, 3), np.uint8)

    def __call__(self, pixels: Pixels, look: NDArray[np.float32]) -> Pixels:
        return self._draw(
            self._decide(self._lanes[0], pixels, look, self._drawn), look, self._drawn
        )

    def begin(self, pixels: Pixels, look: NDArray[np.float32]) -> Fetch:
        """Run the network and find the lines, in the buffers that were used longest ago."""
        lane = self._lanes.pop(0)
        self._lanes.append(lane)
        fresh = np.empty_like(self._drawn)
        decided = self._decide(lane, pixels, look, fresh)
        left = Once(lambda: self._draw(decided, look, fresh))
        lane.left = ref(left)
        return left

    def reset(self) -> None:
        """Do nothing: it remembers nothing."""

    def exchange(self, memory: Memory) -> Memory:
        """Do nothing."""
        return None

    def _decide(
        self, lane: _Lane, pixels: Pixels, look: NDArray[np.float32], drawn: Pixels
    ) -> tuple[Decided, Lines]:
        """Lay the fills in `drawn` and find what is to be drawn on them."""
        if (left := lane.left()) is not None:  # somebody may still want it: its buffers are needed
            left()
        photo = self._packer.padded(pixels)
        answer = self._infer(lane.request, [self._packer.pack(photo)])
        gate, colour, weight = (answer[index][0] for index in range(3))
        decided = self._finish.decided(photo, gate, colour)
        self._finish.find_lines(decided, weight, float(look[0]), lane.lines, drawn)
        return decided, lane.lines

    def _draw(
        self, begun: tuple[Decided, Lines], look: NDArray[np.float32], drawn: Pixels
    ) -> Pixels:
        with self._drawing:
            return self._packer.cropped(self._finish.draw(*begun, look, drawn))


@dataclass(slots=True)
class _Lane:
    """What a frame needs until it is drawn."""

    request: Any
    """Holds the maps of its last frame."""
    lines: Lines
    left: Callable[[], Once | None] = lambda: None
    """What is left to do of its last frame, as long as anybody can ask for it."""
