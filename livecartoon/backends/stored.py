"""What all backends do whose engines are compiled and kept."""

from __future__ import annotations

from typing import Generic

from livecartoon.backends.base import (
    Build,
    Memory,
    check_look,
    check_pixels,
    closed_error,
    look_values,
)
from livecartoon.backends.cache import use_file
from livecartoon.backends.locks import Hold
from livecartoon.backends.ready import Compiler, Loaded, make_ready
from livecartoon.config import Look
from livecartoon.frame import Pixels


class StoredBackend(Generic[Loaded]):
    """Holds a proven engine and says so to other processes; how to draw is left to each."""

    def __init__(self, compiler: Compiler[Loaded], build: Build | None) -> None:
        """Load the engine from the cache or build it; raises EngineError, ModelError."""
        ready = make_ready(compiler, build or Build())
        self.spec, self.device = compiler.spec, compiler.device
        self.key: str | None = compiler.key
        self.record, self.build_s = ready.record, ready.build_s
        self._in_use = Hold(use_file(compiler.key))
        self._engine: Loaded | None = ready.engine
        self._look = look_values(Look())

    def engine_for(self, pixels: Pixels) -> Loaded:
        """The engine, if it takes that frame; EngineError if not, or if it is closed."""
        check_pixels(self.spec, pixels)
        if self._engine is None:
            raise closed_error()
        return self._engine

    def set_look(self, look: Look) -> None:
        """Move the sliders; takes effect with the next frame."""
        check_look(self.spec, look)
        self._look = look_values(look)

    def reset(self) -> None:
        """Forget earlier frames; most engines remember none."""

    def exchange(self, memory: Memory) -> Memory:
        """Go on with another memory of the clip; most engines have none."""
        return None

    def close(self) -> None:
        """Drop the engine."""
        self._engine = None
        self._in_use.close()
