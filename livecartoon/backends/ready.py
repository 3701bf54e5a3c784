"""The way of every stored engine: found whole, or built once, proven and kept."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from livecartoon.backends.base import ON_CPUS_ONLY, Build, EngineSpec
from livecartoon.backends.cache import build_lock_file, load_engine, refuse_engine, store_engine
from livecartoon.backends.locks import exclusive
from livecartoon.backends.selftest import (
    COARSE_LIMITS,
    LOAD_FRAMES,
    Draw,
    FrameResult,
    Limits,
    fingerprints,
    first_fault,
    recheck,
    run_selftest,
)
from livecartoon.errors import EngineError
from livecartoon.frame import Pixels

log = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")
Loaded_co = TypeVar("Loaded_co", covariant=True)


class Compiler(Protocol[Loaded]):
    """What a backend has to say about its engines."""

    name: str
    spec: EngineSpec
    device: str
    key: str

    def load(self, blob: bytes) -> Loaded:
        """Make stored bytes run; EngineError if they do not here."""
        ...

    def build(self, build: Build) -> bytes:
        """Compile; raises EngineError, ModelError. Tells its phases to `build`."""
        ...

    def draw(self, loaded: Loaded) -> Draw:
        """Draw frames with the identity look, for the self-test."""
        ...


@dataclass(frozen=True, slots=True)
class Ready(Generic[Loaded_co]):
    """An engine that runs and is proven."""

    engine: Loaded_co
    record: dict[str, Any]
    build_s: float
    """0 if it came from the cache."""


def make_ready(compiler: Compiler[Loaded], build: Build) -> Ready[Loaded]:
    """Load the engine, or build, test and store it; raises EngineError, ModelError.

    Two processes that want the same engine build it once: the second waits, then loads.
    """
    if not build.is_forced and (found := _stored(compiler)) is not None:
        return found
    if not build.is_allowed:
        raise EngineError("E504", f"no {compiler.name} engine is ready", "livecartoon optimize")

    def waiting(seconds: float) -> None:
        build.phase(f"waiting for another process to build it ({seconds:.0f} s)")

    with exclusive(build_lock_file(compiler.key), waiting) as has_waited:
        if has_waited and (found := _stored(compiler)) is not None:
            return found
        return _built(compiler, build)


def _stored(compiler: Compiler[Loaded]) -> Ready[Loaded] | None:
    """The stored engine if it is whole, loads here and still draws what it drew."""
    stored = load_engine(compiler.key)
    if stored is None:
        return None
    try:
        engine = compiler.load(stored.blob)
        spec = compiler.spec
        fault = recheck(
            compiler.draw(engine), spec.width, spec.height, stored.record.get("thumbnails") or {}
        )
    except EngineError as error:
        fault = error.message
    else:
        if fault is None:
            return Ready(engine, stored.record, 0.0)
    log.warning("the cached %s engine is built again: %s", compiler.name, fault)
    return None


def _built(compiler: Compiler[Loaded], build: Build) -> Ready[Loaded]:
    started_s = time.monotonic()
    blob = compiler.build(build)
    build.phase("loading")
    engine = compiler.load(blob)
    build.phase("self-test")
    results = proof(compiler.draw(engine), compiler.spec, compiler.device, build)
    if fault := first_fault(results):
        refuse_engine(compiler.key, fault)
        raise EngineError(
            "E505",
            f"the {compiler.spec.precision} engine fails its self-test: {fault}",
            "--precision fp32",
        )
    spec = compiler.spec
    thumbnails = fingerprints(compiler.draw(engine), spec.width, spec.height)
    build_s = time.monotonic() - started_s
    facts = engine_facts(compiler.name, spec, compiler.device) | {
        "build_seconds": round(build_s, 2),
        "selftest": [asdict(result) for result in results],
        "thumbnails": thumbnails,
    }
    build.phase("storing")
    store_engine(compiler.key, blob, facts)
    return Ready(engine, facts | {"bytes": len(blob)}, build_s)


def proof(draw: Draw, spec: EngineSpec, device: str, build: Build) -> list[FrameResult]:
    """Compare with the torch graph in FP32, on the frames that the case deserves.

    An FP32 engine of a CPU computes the same sums in another order: two frames show that it
    was built right. Fewer bits are tried on all eight.
    """
    from livecartoon.backends.eager import TorchBackend

    is_quick = spec.precision == "fp32" and not build.is_thorough
    where = device if device.startswith("cuda") else "cpu"
    reference = TorchBackend(replace(spec, precision="fp32"), where)
    try:
        names = LOAD_FRAMES if is_quick else ()
        limits = COARSE_LIMITS if spec.precision in ON_CPUS_ONLY else Limits()

        def fresh(pixels: Pixels) -> Pixels:
            reference.reset()  # each frame as the first of a clip, for the engine too
            return reference(pixels)

        return run_selftest(draw, fresh, spec.width, spec.height, names, limits)
    finally:
        reference.close()


def engine_facts(name: str, spec: EngineSpec, device: str) -> dict[str, Any]:
    """What an engine is, for its record."""
    return {
        "backend": name,
        "device": device,
        "precision": spec.precision,
        "weights": spec.weights.name if spec.weights else None,
        "size": [spec.width, spec.height],
        "reduction": spec.reduction,
        "layers": list(spec.layers),
    }
