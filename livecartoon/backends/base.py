"""What every backend promises, and what names a compiled engine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from livecartoon.config import Look
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels
from livecartoon.models.overlay import Overlay

Memory: TypeAlias = NDArray[np.float32] | None
"""What a style with `norm = ema-inputs` remembers of a clip, float32 (n,)."""
Fetch: TypeAlias = Callable[[], Pixels]
"""Waits for a frame that was begun; the caller's pixels, every time the same, in any thread."""
EnginePrecision = Literal["bf16", "fp16", "fp32", "int8"]
ON_CPUS_ONLY: tuple[EnginePrecision, ...] = ("bf16", "int8")
GRAPH_VERSION = 7
"""Raised whenever the layers around the network change the picture: engines are rebuilt."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Everything that changes the bits of an engine, apart from the machine."""

    weights: Path | None
    """Weights file of the style; None for a filter."""
    weights_sha256: str
    """Their `identity_of`, from the header, or a filter's version."""
    width: int
    height: int
    """Size of the frames, in and out."""
    reduction: int = 1
    """How many times smaller than the frames the network runs."""
    layers: tuple[str, ...] = ()
    """Live layers built in: "strength", "keep_color", "vivid"."""
    precision: EnginePrecision = "fp32"
    threads: int = 0
    """CPU threads, 0 = all."""
    overlay: Overlay | None = None
    """Colours and lines that a style lays over the network of another."""

    @property
    def drawing(self) -> str:
        """What names the style's drawing, its overlay included."""
        if self.overlay is None:
            return self.weights_sha256
        return hashlib.sha256((self.weights_sha256 + self.overlay.identity).encode()).hexdigest()

    def key(self, *machine: str) -> str:
        """Name of the engine file: SHA-256 over all fields and the `machine`'s versions."""
        fields = asdict(self) | {"weights": None, "graph": GRAPH_VERSION, "machine": list(machine)}
        fields["overlay"] = self.overlay and self.overlay.identity
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Build:
    """How to go about it when the engine is not ready."""

    on_phase: Callable[[str], None] | None = None
    """Hears the name of each phase as it begins."""
    is_thorough: bool = False
    """Self-test on all frames instead of two."""
    is_forced: bool = False
    """Build even if a good engine is stored."""
    is_allowed: bool = True
    """False: EngineError E504 instead of a build, for those who only want a ready engine."""

    def phase(self, name: str) -> None:
        """Tell that a phase begins."""
        if self.on_phase is not None:
            self.on_phase(name)


class Backend(Protocol):
    """Runs one style at one size: uint8 RGB (H, W, 3) in, the same out.

    Layout, scaling, padding, the network, enlargement, ink and the live layers are inside.
    The result may be a buffer that the next call overwrites.
    """

    name: str
    device: str
    spec: EngineSpec
    build_s: float
    """Seconds spent compiling, 0 if the engine came from the cache."""
    key: str | None
    """Name of the stored engine, None for a backend that stores none."""
    record: dict[str, Any]
    """What was noted when the engine was built, its self-test included."""

    def __call__(self, pixels: Pixels) -> Pixels:
        """Stylize one frame; EngineError if it has another size or the engine is closed."""
        ...

    def set_look(self, look: Look) -> None:
        """Move the live sliders; EngineError if a slider's layer is not built in."""
        ...

    def reset(self) -> None:
        """Forget earlier frames; only styles with `norm = ema-inputs` remember any."""
        ...

    def exchange(self, memory: Memory) -> Memory:
        """Go on with `memory`, None = an empty one; return the one in use until now.

        Backends and styles that remember nothing return None.
        """
        ...

    def close(self) -> None:
        """Release the device; twice is harmless."""
        ...


@runtime_checkable
class Overlapping(Protocol):
    """A backend that takes the next frames while one is on its way."""

    def begin(self, pixels: Pixels) -> Fetch:
        """Send one frame on its way, which stays as it is until it is fetched; EngineError as a
        call raises it.
        """
        ...


class Once:
    """What is left of a frame: done when first asked for, by whichever thread, and kept."""

    def __init__(self, draw: Fetch) -> None:
        self._draw: Fetch | None = draw
        self._drawn: Pixels | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Pixels:
        """The picture, every time the same."""
        with self._lock:
            if self._draw is not None:
                self._drawn, self._draw = self._draw(), None
        assert self._drawn is not None
        return self._drawn


def at_once(drawn: Pixels) -> Fetch:
    """Of a picture that is drawn already, in a buffer that will be used again."""
    kept = drawn.copy()
    return lambda: kept


@runtime_checkable
class Surrounding(Protocol):
    """A backend that draws around its network, and knows what the network alone takes."""

    @property
    def network_s(self) -> float:
        """Busy seconds of the network so far: a smaller one would save of them."""
        ...


def needed_layers(look: Look) -> tuple[str, ...]:
    """Live layers without which `look` cannot be drawn; the identity needs none."""
    wanted = {
        "strength": look.strength != 1.0,
        "keep_color": look.keep_color != 0.0,
        "vivid": look.vivid != 1.0,
    }
    return tuple(name for name, is_needed in wanted.items() if is_needed)


def look_values(look: Look) -> NDArray[np.float32]:
    """The sliders as the graph takes them: ink, strength, keep_color, vivid."""
    return np.array([look.ink, look.strength, look.keep_color, look.vivid], np.float32)


def closed_error() -> EngineError:
    """What a backend raises when it is called after `close`."""
    return EngineError("E504", "the engine is closed")


def check_look(spec: EngineSpec, look: Look) -> None:
    """Raise EngineError if the engine lacks a layer that `look` needs."""
    if missing := set(needed_layers(look)) - set(spec.layers):
        raise EngineError("E504", f"the engine was built without {', '.join(sorted(missing))}")


def check_pixels(spec: EngineSpec, pixels: Pixels) -> None:
    """Raise EngineError unless the frame has the engine's size and type."""
    wanted = (spec.height, spec.width, 3)
    if pixels.shape != wanted or pixels.dtype != "uint8":
        raise EngineError(
            "E504", f"frame {pixels.shape} {pixels.dtype}, the engine takes uint8 {wanted}"
        )
