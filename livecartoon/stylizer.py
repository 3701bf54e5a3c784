"""Turns frames into cartoons: owns the engine and the anti-flicker memory of one stream."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from livecartoon.backends.base import Fetch
from livecartoon.backends.ladder import open_for
from livecartoon.backends.selftest import selftest_summary
from livecartoon.closing import Closing
from livecartoon.config import EngineOptions, Look
from livecartoon.frame import Frame, Pixels
from livecartoon.snap import Snap, with_own_finish
from livecartoon.styles import Style
from livecartoon.temporal import open_temporal
from livecartoon.temporal.steadier import LIVE_FRAME_S, Steadier, TemporalReport
from livecartoon.wanted import choose_engine, engine_spec


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What runs, and why, as told to the user."""

    device: str
    name: str
    backend: str
    precision: str
    tier: str
    infer_size: tuple[int, int]
    """(width, height) at which the network runs."""
    fallback_reason: str | None
    build_seconds: float
    key: str | None
    weights: str
    """SHA-256 of the tensors, or a filter's version."""
    selftest: dict[str, float] | None = None
    """`psnr_min` and `max_abs` over the frames of the engine's self-test, None if it has none."""
    tiles: int = 1
    """Pieces a side in which a frame is drawn."""
    notes: tuple[str, ...] = ()
    """Why it is drawn smaller or in tiles, a sentence for each step."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A frame and its cartoon, not yet steadied, and perhaps not yet drawn to the end."""

    frame: Frame
    fetch: Fetch
    """Draws what is left of the cartoon, or waits for it."""
    ahead: Pixels | None = None
    """The cartoon by the memory that the network begins, if it keeps one."""

    @property
    def styled(self) -> Pixels:
        """The cartoon; draws what is left of it, or waits for a card that does."""
        return self.fetch()


class Stylizer(Closing):
    """One style on one stream of frames of one size; a context manager.

    `__call__` returns frames whose pixels belong to the caller; `draw` and `steady` are its
    halves, for two threads. `stage_s` adds up the busy seconds of the halves: the network, and the
    temporal filter with what `draw` left to do. `temporal` says what the filter does.
    """

    def __init__(
        self,
        style: Style,
        width: int,
        height: int,
        options: EngineOptions,
        *,
        is_live: bool = False,
        frame_s: float = LIVE_FRAME_S,
    ) -> None:
        """Load or build the engine (seconds when it is not cached); EngineError, ModelError.

        `frame_s` is how long a live frame lasts.
        """
        options = with_own_finish(options, style.snap)
        self.style = style
        self.look = options.look
        self._options = options
        self._is_live, self._frame_s = is_live, frame_s
        device, backend, reason = choose_engine(options)
        spec, tier = engine_spec(style, width, height, options, device)
        self._device, self._tier, self._reason = device, tier, reason
        self._size = width, height
        self._engine, self._rung, self._notes = open_for(
            options, backend, spec, device, is_live=is_live
        )
        self._snap = Snap(options.snap) if options.snap is not None else None
        self._temporal = self._open_temporal(options.temporal)
        self._successor: tuple[Steadier, Snap | None] | None = None
        self._drawing_s = self._steadying_s = 0.0
        self.waited_s = 0.0
        """Seconds so far that `steady` waited for a card."""
        self.frames = 0

    @property
    def report(self) -> EngineReport:
        """What runs now; a live stream may change to a better engine."""
        backend = self._engine.backend
        spec = backend.spec
        width, height = (-(-side // spec.reduction) for side in self._size)
        return EngineReport(
            device=self._device,
            name=self._device,
            backend=backend.name,
            precision=spec.precision,
            tier=self._tier,
            infer_size=(width, height),
            fallback_reason=self._engine.given_up or self._reason,
            build_seconds=backend.build_s,
            key=backend.key,
            weights=spec.drawing,
            selftest=selftest_summary(backend.record),
            tiles=self._rung.tiles,
            notes=self._notes,
        )

    @property
    def stage_s(self) -> dict[str, float]:
        """Busy seconds so far of "network" and "temporal"."""
        return {"network": self._drawing_s + self.waited_s, "temporal": self._steadying_s}

    def __call__(self, frame: Frame) -> Frame:
        """Stylize one frame; the time stamps stay."""
        started = time.perf_counter()
        styled = self._engine(frame.pixels)
        self._drawing_s += time.perf_counter() - started
        drawing_s = self._drawing_s / (self.frames + 1)
        steadied = self._steadied(Drawn(frame, lambda: styled), styled, drawing_s)
        if steadied.pixels is styled:  # the engine overwrites its buffer with the next frame
            return replace(steadied, pixels=styled.copy())
        return steadied

    def draw(self, frame: Frame) -> Drawn:
        """The first half of a call: the network, and as much of drawing as has to be in order."""
        started = time.perf_counter()
        fetch = self._engine.begin(frame.pixels)
        self._drawing_s += time.perf_counter() - started
        ahead = self._engine.ahead(frame.pixels)
        return Drawn(frame, fetch, None if ahead is None else ahead.copy())

    def complete(self, drawn: Drawn) -> None:
        """Do what `draw` left for `steady` to do: the thread of `draw` has time."""
        started = time.perf_counter()
        drawn.fetch()
        self._drawing_s += time.perf_counter() - started

    def steady(self, drawn: Drawn) -> Frame:
        """The second half: anti-flicker and finish; in order of time, in one thread, any one."""
        started = time.perf_counter()
        styled = drawn.styled
        rest_s = time.perf_counter() - started
        if self._engine.knows_network:
            self._steadying_s += rest_s
        else:
            self.waited_s += rest_s
        drawing_s = self.stage_s["network"] / (self.frames + 1)
        return self._steadied(drawn, styled, drawing_s)

    def _steadied(self, drawn: Drawn, styled: Pixels, drawing_s: float) -> Frame:
        """`drawing_s`: what drawing takes of a frame's way from camera to window."""
        started = time.perf_counter()
        frame, self.frames = drawn.frame, self.frames + 1
        shown = self._temporal(frame.pixels, styled, frame.seconds, drawing_s)
        if self._snap is not None:
            shown = self._snap(shown)
        if self._successor is not None:
            steadier, snap = self._successor
            other = styled if drawn.ahead is None else drawn.ahead
            other = steadier(frame.pixels, other, frame.seconds, drawing_s)
            if snap is not None:
                snap(other)
        self._steadying_s += time.perf_counter() - started
        return replace(frame, pixels=shown)

    def set_look(self, look: Look) -> None:
        """Move the sliders; the first one off its identity setting rebuilds the engine."""
        self._engine.set_look(look)
        self.look = look

    def set_temporal(self, name: str) -> None:
        """Switch the anti-flicker method; the next frame is shown as it is."""
        self._temporal = self._open_temporal(name)

    def stay(self) -> bool:
        """Let the anti-flicker follow the camera no longer; False if it does not; any thread."""
        return self._temporal.stay()

    @property
    def network_s(self) -> float:
        """Seconds so far that `draw` took for what a smaller network would save of."""
        return self._engine.network_s

    @property
    def temporal(self) -> TemporalReport:
        """What the anti-flicker does."""
        return self._temporal.report

    def reset(self) -> None:
        """Forget the past, as after a seek."""
        self._temporal.reset()
        self._engine.reset()
        if self._snap is not None:
            self._snap.reset()
        self._successor = None

    def fork_network(self) -> bool:
        """As `fork`, for what the network remembers; False if it remembers nothing."""
        return self._engine.fork()

    def switch_network(self) -> None:
        """As `switch`, for what the network remembers."""
        self._engine.switch()

    def fork(self) -> None:
        """Start a second memory beside the one in use: from here on it sees the same frames."""
        snap = Snap(self._options.snap) if self._options.snap is not None else None
        self._successor = self._open_temporal(self._options.temporal), snap

    def switch(self) -> None:
        """Go on with the memory begun by `fork`, as a run that started there would."""
        if self._successor is None:
            return
        before = self._temporal.report
        (self._temporal, self._snap), self._successor = self._successor, None
        self._temporal.report.frames = before.frames  # the run-up was shown by the one before

    def close(self) -> None:
        """Release the engine; twice is harmless."""
        self._engine.close()

    def _open_temporal(self, name: str) -> Steadier:
        mode = self.style.temporal if name == "auto" else name
        card = None if self._device == "cpu" else self._device
        filter_ = open_temporal(mode, self._options.temporal_strength, card)
        return Steadier(mode, filter_, is_live=self._is_live, frame_s=self._frame_s)
