"""Which engine a run begins with, and a better one that may become ready meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from livecartoon.backends import engine_key, open_backend, probe
from livecartoon.backends.base import Backend, Build, EnginePrecision, EngineSpec
from livecartoon.backends.cache import is_stored
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError

log = logging.getLogger(__name__)

LOOK_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backend and the engine it would run."""

    backend: str
    spec: EngineSpec


def candidates(
    backend: str,
    spec: EngineSpec,
    device: str,
    *,
    is_backend_free: bool,
    is_precision_free: bool,
) -> list[Candidate]:
    """What may run instead of `backend`, the best first; the last one can always be built.

    What the user typed is never replaced: an INT8 engine needs a free precision, another
    backend a free backend.
    """
    base = Candidate(backend, spec)
    if backend == "openvino" and is_precision_free:
        return [Candidate(backend, replace(spec, precision="int8")), base]
    if backend == "torch" and device.startswith("cuda") and is_backend_free:
        ready = [name for name in ("tensorrt", "rtx") if probe(name) is None]
        return [*(Candidate(name, spec) for name in ready), base]
    return [base]


def precision_for(options: EngineOptions, *, on_gpu: bool) -> EnginePrecision:
    """What was typed, if it exists here; fp16 on a card and fp32 on a CPU otherwise."""
    if options.precision == "fp16" and not on_gpu:
        raise EngineError("E503", "fp16 needs a CUDA device", "--precision fp32")
    if options.precision == "int8" and on_gpu:
        raise EngineError("E503", "int8 is for CPUs", "--precision fp16")
    if options.precision != "auto":
        return options.precision
    return "fp16" if on_gpu else "fp32"


def open_best(choices: Sequence[Candidate], device: str) -> tuple[Backend, int]:
    """Open the best engine that is ready, else build the last; also which of them it is.

    Raises EngineError, ModelError for the last one only.
    """
    for number, candidate in enumerate(choices[:-1]):
        if (backend := _open_ready(candidate, device)) is not None:
            return backend, number
    last = choices[-1]
    return open_backend(last.backend, last.spec, device), len(choices) - 1


def _open_ready(candidate: Candidate, device: str) -> Backend | None:
    """The engine if it is stored and sound; what is unsound was logged."""
    if not is_ready(candidate, device):
        return None
    try:
        return open_backend(candidate.backend, candidate.spec, device, Build(is_allowed=False))
    except EngineError as error:
        log.info("%s is not used: %s", candidate.backend, error.message)
        return None


def is_ready(candidate: Candidate, device: str) -> bool:
    """Whether a finished engine lies in the cache; two looks at file names."""
    try:
        key = engine_key(candidate.backend, candidate.spec, device)
    except EngineError:
        return False
    return key is not None and is_stored(key)


class Upgrade:
    """Waits beside a run for an engine better than the one in use.

    `take` costs the running thread two file look-ups a second; loading happens in a thread of
    its own. A better engine is handed out once.
    """

    def __init__(
        self,
        better: Sequence[Candidate],
        device: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._better = list(better)
        self._device = device
        self._clock = clock
        self._next_s = clock() + LOOK_PERIOD_S
        self._loader: threading.Thread | None = None
        self._loaded: Backend | None = None

    def take(self) -> Backend | None:
        """The better engine, loaded and warm, in the call after it became so."""
        if self._loader is not None:
            if self._loader.is_alive():
                return None
            self._loader = None
            loaded, self._loaded = self._loaded, None
            return loaded
        now_s = self._clock()
        if not self._better or now_s < self._next_s:
            return None
        self._next_s = now_s + LOOK_PERIOD_S
        ready = next((c for c in self._better if is_ready(c, self._device)), None)
        if ready is not None:
            # What is no better than the engine found, or turns out unsound, is not tried again.
            self._better = self._better[: self._better.index(ready)]
            self._loader = threading.Thread(target=self._load, args=(ready,), daemon=True)
            self._loader.start()
        return None

    def _load(self, candidate: Candidate) -> None:
        self._loaded = _open_ready(candidate, self._device)

    def close(self) -> None:
        """Release an engine that was loaded and not taken."""
        if self._loader is not None:
            self._loader.join()
        if self._loaded is not None:
            self._loaded.close()
        self._better, self._loader, self._loaded = [], None, None
