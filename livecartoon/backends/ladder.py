"""What to do when a network takes more memory than it may: smaller tiles, then a smaller size."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from livecartoon.backends.base import EngineSpec
from livecartoon.backends.choice import candidates
from livecartoon.backends.running import RunningEngine
from livecartoon.backends.tiles import TiledEngine, tile_spec
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError, UsageError
from livecartoon.models.checkpoint import read_header

Engine: TypeAlias = RunningEngine | TiledEngine
TILES = (2, 3, 4)
"""A side; four times four take about a twelfth of the memory of one."""
LEAST_SIDE = 64
"""Pixels of the network's short side below which nothing of a picture is left."""
LOCAL = "student"
"""Architecture whose generators see no statistics of the whole frame."""
UNDERWAY, ENCODER, STEADYING = 50, 240, 270
"""Bytes a pixel that a run takes later: for a dozen frames on their way, for those an encoder at
its usual preset looks ahead to, and for the anti-flicker, whose next memory begins before the last
one ends. Measured at 960x540: 51, then 118 with the anti-flicker, then 234 MiB in all."""
LIBRARIES = 96 << 20
"""Bytes that libraries and threads take later at any size; two thirds are the loops' compiler."""
SHARE = 0.9
"""Of a card's free memory that a network may take if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to draw a frame."""

    tiles: int
    """A side."""
    reduction: int

    def text(self, spec: EngineSpec) -> str:
        """Say it in words."""
        size = f"{-(-spec.width // self.reduction)}x{-(-spec.height // self.reduction)}"
        return f"at {size}" if self.tiles == 1 else f"at {size} in {self.tiles}x{self.tiles} tiles"


def rungs(spec: EngineSpec, tiles: int, *, may_tile: bool, may_shrink: bool) -> Iterator[Rung]:
    """Yield how to draw frames of `spec`, from what is wanted down to what takes least."""
    yield Rung(tiles, spec.reduction)
    short = min(spec.width, spec.height)
    for more in TILES if may_tile else ():
        if more > tiles and short // (more * spec.reduction) >= LEAST_SIDE:
            yield Rung(more, spec.reduction)
    reduction = spec.reduction + 1
    while may_shrink and short // reduction >= LEAST_SIDE:
        yield Rung(1, reduction)
        reduction += 1


def is_local(spec: EngineSpec) -> bool:
    """Whether a style draws each part of a frame without looking at all of it."""
    if "keep_color" in spec.layers:  # keeps the mean brightness of the frame
        return False
    return spec.weights is None or read_header(spec.weights)["arch"] == LOCAL


def open_for(
    options: EngineOptions, backend: str, spec: EngineSpec, device: str, *, is_live: bool
) -> tuple[Engine, Rung, tuple[str, ...]]:
    """Open what draws frames of `spec` in the memory it may take; EngineError, ModelError.

    Also which rung that is, and a sentence for each step down to it.
    """
    is_backend_free, is_precision_free = options.backend == "auto", options.precision == "auto"

    def open_one(wanted: EngineSpec) -> RunningEngine:
        choices = candidates(
            backend,
            wanted,
            device,
            is_backend_free=is_backend_free,
            is_precision_free=is_precision_free,
        )
        is_free = is_backend_free and is_precision_free
        return RunningEngine(choices, device, options.look, is_live=is_live, is_free=is_free)

    may_shrink = options.infer_size == "auto"
    steps = rungs(spec, options.tiles, may_tile=is_local(spec), may_shrink=may_shrink)
    later = LIBRARIES + bytes_a_pixel(options, is_live=is_live) * spec.width * spec.height
    return open_within(options.mem_limit, spec, steps, device, open_one, later)


def bytes_a_pixel(options: EngineOptions, *, is_live: bool) -> int:
    """Return what a run takes beside its engine; a live one looks ahead to nothing."""
    steadying = STEADYING if options.temporal != "off" else 0
    return UNDERWAY + steadying + (0 if is_live else ENCODER)


def open_within(
    limit: int | None,
    spec: EngineSpec,
    steps: Iterator[Rung],
    device: str,
    open_engine: Callable[[EngineSpec], RunningEngine],
    later: int = 0,
) -> tuple[Engine, Rung, tuple[str, ...]]:
    """Open the first engine that takes at most `limit` bytes; also a sentence for each step down.

    Bytes of the card, on a CPU those of the whole process and `later`, which the run will take
    beside the engine. None: most of what is free on a card, no limit on a CPU. EngineError E506
    if even the last takes more, at once if this process has no room for an engine at all.
    """
    gauge = Gauge(device, later) if limit is not None or device != "cpu" else None
    allowed = limit if limit is not None or gauge is None else gauge.free
    notes: list[str] = []
    if gauge is not None and allowed is not None and gauge.least() > allowed:
        notes.append(_too_much("before any engine", gauge.least(), allowed))
        steps = iter(())
    for rung in steps:
        try:
            engine = _opened(spec, rung, open_engine)
        except EngineError as error:
            if error.code != "E506":
                raise
            notes.append(f"{rung.text(spec)} it does not fit on {device}")
            continue
        if gauge is None or allowed is None:
            return engine, rung, tuple(notes)
        taken = gauge.taken(engine, spec)
        if taken <= allowed:
            return engine, rung, tuple(notes)
        engine.close()
        notes.append(_too_much(rung.text(spec), taken, allowed))
    raise EngineError(
        "E506", f"out of memory: {notes[-1]}", "a larger --mem-limit", "--infer-size auto"
    )


def _too_much(what: str, taken: int, allowed: int) -> str:
    return f"{what} a run takes {taken >> 20} MiB, {allowed >> 20} are allowed"


def _opened(
    spec: EngineSpec, rung: Rung, open_engine: Callable[[EngineSpec], RunningEngine]
) -> Engine:
    wanted = replace(spec, reduction=rung.reduction)
    if rung.tiles == 1:
        return open_engine(wanted)
    return TiledEngine(open_engine(tile_spec(wanted, rung.tiles)), wanted, rung.tiles)


class Gauge:
    """What a run takes of a card, or what this process will take in all on a CPU, in bytes."""

    def __init__(self, device: str, later: int = 0) -> None:
        """`later`: bytes that a run takes of a CPU's memory beside its engine."""
        self._device, self._later = device, later
        self.free: int | None = None
        """What may be taken if nobody says otherwise, None = no limit."""
        if device != "cpu":
            self._free_before = _free_on(device)
            self.free = int(SHARE * self._free_before)

    def taken(self, engine: Engine, spec: EngineSpec) -> int:
        """Draw one black frame, so that all buffers exist, and return what it takes now."""
        engine(np.zeros((spec.height, spec.width, 3), np.uint8))
        engine.reset()
        return self.least()

    def least(self) -> int:
        """Return what a run would take with the engines that are open now."""
        if self._device == "cpu":
            return resident_bytes() + self._later
        return max(0, self._free_before - _free_on(self._device))


def _free_on(device: str) -> int:
    import torch

    return int(torch.cuda.mem_get_info(device)[0])


def resident_bytes() -> int:
    """Return this process's memory once the C library gave back what is free; UsageError."""
    if sys.platform != "linux":
        raise UsageError("E201", "--mem-limit is for Linux and for cards", "drop --mem-limit")
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0
