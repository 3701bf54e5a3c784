"""Which engine a run begins with, and a better one that may become ready meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from livecartoon.backends import engine_key, open_backend, probe
from livecartoon.backends.base import ON_CPUS_ONLY, Backend, Build, EnginePrecision, EngineSpec
from livecartoon.backends.cache import is_refused, is_stored
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError
from livecartoon.models.checkpoint import read_header
from livecartoon.processor import multiplies_bfloat16, multiplies_tiles

log = logging.getLogger(__name__)

LOOK_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backend and the engine it would run."""

    backend: str
    spec: EngineSpec
    may_be_built: bool = field(default=False, compare=False)
    """Where it is not the last one: built when it is wanted, in seconds, not only used if found."""


def candidates(
    backend: str,
    spec: EngineSpec,
    device: str,
    *,
    is_backend_free: bool,
    is_precision_free: bool,
) -> list[Candidate]:
    """What may run instead of `backend`, the best first; the last one can always be built.

    What the user typed is never replaced: fewer bits need a free precision, another backend a
    free backend.
    """
    base = Candidate(backend, spec)
    if backend == "openvino" and is_precision_free:
        return [*_of_fewer_bits(backend, spec), base]
    if backend == "torch" and device.startswith("cuda") and is_backend_free:
        ready = [name for name in ("tensorrt", "rtx") if probe(name) is None]
        return [*(Candidate(name, spec) for name in ready), base]
    return [base]


def _of_fewer_bits(backend: str, spec: EngineSpec) -> list[Candidate]:
    """What a CPU may draw with instead of FP32.

    Tiles of bfloat16 beat INT8 in speed and in rounding and need no calibration. How a paper's
    generator bears them is found out by those who optimize it.
    """
    found: list[Candidate] = []
    if spec.weights is None:
        return found
    if multiplies_bfloat16():
        may_be_built = multiplies_tiles() and read_header(spec.weights)["arch"] == "student"
        found.append(Candidate(backend, replace(spec, precision="bf16"), may_be_built))
    if not multiplies_tiles():
        found.append(Candidate(backend, replace(spec, precision="int8")))
    return found


def precision_for(options: EngineOptions, *, on_gpu: bool) -> EnginePrecision:
    """What was typed, if it exists here; fp16 on a card and fp32 on a CPU otherwise."""
    if options.precision == "fp16" and not on_gpu:
        raise EngineError("E503", "fp16 needs a CUDA device", "--precision fp32")
    if options.precision in ON_CPUS_ONLY and on_gpu:
        raise EngineError("E503", f"{options.precision} is for CPUs", "--precision fp16")
    if options.precision != "auto":
        return options.precision
    return "fp16" if on_gpu else "fp32"


def open_best(choices: Sequence[Candidate], device: str) -> tuple[Backend, int]:
    """Open the first engine that is ready or may be built; also which of them it is.

    Raises EngineError, ModelError for the last one only.
    """
    for number, candidate in enumerate(choices[:-1]):
        may_build = _may_be_built(candidate, device)
        if may_build or is_ready(candidate, device):
            backend = _opened(candidate, device, Build(is_allowed=may_build))
            if backend is not None:
                return backend, number
    last = choices[-1]
    return open_backend(last.backend, last.spec, device), len(choices) - 1


def to_build(choices: Sequence[Candidate], device: str) -> Candidate | None:
    """Return what `open_best` would begin to build, None if it opens what is ready."""
    for candidate in choices[:-1]:
        if is_ready(candidate, device):
            return None
        if _may_be_built(candidate, device):
            return candidate
    last = choices[-1]
    is_opened_only = engine_key(last.backend, last.spec, device) is None
    return None if is_opened_only or is_ready(last, device) else last


def _may_be_built(candidate: Candidate, device: str) -> bool:
    if not candidate.may_be_built:
        return False
    key = engine_key(candidate.backend, candidate.spec, device)
    return key is not None and not is_refused(key)


def _opened(candidate: Candidate, device: str, build: Build) -> Backend | None:
    """The engine if it is sound; what is unsound was logged."""
    try:
        return open_backend(candidate.backend, candidate.spec, device, build)
    except EngineError as error:
        log.info(
            "%s %s is not used: %s", candidate.backend, candidate.spec.precision, error.message
        )
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
        self._loaded = _opened(candidate, self._device, Build(is_allowed=False))

    def close(self) -> None:
        """Release an engine that was loaded and not taken."""
        if self._loader is not None:
            self._loader.join()
        if self._loaded is not None:
            self._loaded.close()
        self._better, self._loader, self._loaded = [], None, None
