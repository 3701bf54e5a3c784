"""Builds the engines of a style ahead of use, proves them and keeps the fastest that passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from livecartoon.backends import open_backend
from livecartoon.backends.base import Backend, Build, EnginePrecision, EngineSpec
from livecartoon.backends.cache import entries
from livecartoon.backends.choice import Candidate, candidates
from livecartoon.backends.selftest import selftest_frames, selftest_summary
from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError
from livecartoon.styles import Style, list_styles
from livecartoon.wanted import choose_engine, engine_spec

GAIN_LEAST = 1.05
"""How much faster fewer bits must be to be worth their rounding."""
TIMED_FRAMES = 12
CHEAP_ERRORS = ("E503", "E504", "E505")
"""What the next rung of the ladder answers; anything else ends the run."""


@dataclass(frozen=True, slots=True)
class OptimizeSettings:
    """Which engines."""

    sizes: tuple[tuple[int, int], ...] = ((1280, 720),)
    is_forced: bool = False
    is_check_only: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """How far a build is."""

    number: int
    """Of the engine in the plan, from 0."""
    total: int
    title: str
    name: str
    """Such as "calibrating"."""
    elapsed_s: float
    """Since this engine was begun."""
    expected_s: float | None
    """How long the last one of its kind took here, None if there was none."""


@dataclass(slots=True)
class EngineResult:
    """One engine; the field names are those of the JSON document."""

    style: str
    tier: str
    sizes: list[list[int]]
    infer_size: list[int]
    backend: str
    device: str
    precision_asked: str
    precision_used: str
    build_seconds: float
    selftest: list[dict[str, Any]]
    key: str | None
    bytes: int
    cached: bool
    frame_ms: float | None = None
    """CPU engines: processor time of one frame, the least of several."""
    speedup: float | None = None
    """Over the engine that would run without this one."""
    dropped: list[str] = field(default_factory=list)
    """What was tried first and why it is not used."""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `engines`."""
        return asdict(self)


OnPhase = Callable[[Phase], None]


def optimize(
    styles: Sequence[Style],
    options: EngineOptions,
    settings: OptimizeSettings,
    on_phase: OnPhase | None = None,
) -> list[EngineResult]:
    """Build what is missing and return what runs from now on; EngineError, ModelError."""
    plan = [(style, size) for style in styles for size in settings.sizes]
    results = []
    for number, (style, size) in enumerate(plan):
        own = replace(options, style=style.name) if len(styles) > 1 else options
        task = _Task(style, own, settings, *size)
        task.listen(number, len(plan), on_phase)
        results.append(task.run())
    return results


def every_style() -> list[Style]:
    """Installed styles whose weights are there."""
    return [s for s in list_styles() if s.kind == "filter" or any(s.files.values())]


class _Task:
    """One style at one size."""

    def __init__(
        self,
        style: Style,
        options: EngineOptions,
        settings: OptimizeSettings,
        width: int,
        height: int,
    ) -> None:
        self.style, self.options, self.settings = style, options, settings
        self.device, backend, _ = choose_engine(options)
        self.spec, self.tier = engine_spec(style, width, height, options, self.device)
        self.ladder = ladder(backend, self.spec, self.device, options)
        self.dropped: list[str] = []
        self._on_phase: Callable[[str], None] = lambda name: None

    def listen(self, number: int, total: int, on_phase: OnPhase | None) -> None:
        """Send the phases to `on_phase`."""
        if on_phase is None:
            return
        started_s = time.monotonic()
        size = f"{self.spec.width}x{self.spec.height}"
        expected_s = expected_seconds(self.ladder[0])

        def tell(name: str) -> None:
            elapsed_s = time.monotonic() - started_s
            title = f"{self.style.name} {self.tier} {size}"
            on_phase(Phase(number, total, title, name, elapsed_s, expected_s))

        self._on_phase = tell

    def run(self) -> EngineResult:
        """Go down the ladder until an engine passes; raises what the last rung raises."""
        for rung in self.ladder[:-1]:
            try:
                backend = self._open(rung)
            except EngineError as error:
                if error.code not in CHEAP_ERRORS:
                    raise
                self.dropped.append(f"{rung.backend} {rung.spec.precision}: {error.message}")
                continue
            if (result := self._if_faster(rung, backend)) is not None:
                return result
        last = self._open(self.ladder[-1])
        return self._result(self.ladder[-1], last, None, None)

    def _open(self, rung: Candidate) -> Backend:
        settings = self.settings
        self._on_phase(f"{rung.backend} {rung.spec.precision}")
        build = Build(
            on_phase=self._on_phase,
            is_thorough=True,
            is_forced=settings.is_forced,
            is_allowed=not settings.is_check_only,
        )
        return open_backend(rung.backend, rung.spec, self.device, build)

    def _if_faster(self, rung: Candidate, backend: Backend) -> EngineResult | None:
        """Keep the engine if it beats the one that would run without it."""
        plain = self.ladder[-1]
        if self.device != "cpu" or plain.backend != rung.backend:
            return self._result(rung, backend, None, None)
        other = self._open(plain)
        self._on_phase("timing")
        fast_s, plain_s = time_in_turns((backend, other), self.spec.width, self.spec.height)
        other.close()
        gain = plain_s / fast_s
        if gain >= GAIN_LEAST:
            return self._result(rung, backend, 1000 * fast_s, gain)
        self.dropped.append(f"{rung.backend} {rung.spec.precision}: only {gain:.2f} times as fast")
        backend.close()
        return None

    def _result(
        self, rung: Candidate, backend: Backend, frame_ms: float | None, gain: float | None
    ) -> EngineResult:
        spec, record = rung.spec, backend.record
        backend.close()
        return EngineResult(
            style=self.style.name,
            tier=self.tier,
            sizes=[[spec.width, spec.height]],
            infer_size=[-(-spec.width // spec.reduction), -(-spec.height // spec.reduction)],
            backend=rung.backend,
            device=self.device,
            precision_asked=self.options.precision,
            precision_used=spec.precision,
            build_seconds=round(float(record.get("build_seconds", 0.0)), 2),
            selftest=list(record.get("selftest", ())),
            key=backend.key,
            bytes=int(record.get("bytes", 0)),
            cached=backend.build_s == 0 and backend.key is not None,
            frame_ms=None if frame_ms is None else round(frame_ms, 2),
            speedup=None if gain is None else round(gain, 2),
            dropped=self.dropped,
        )


def ladder(backend: str, spec: EngineSpec, device: str, options: EngineOptions) -> list[Candidate]:
    """What to try in turn: the fastest first, FP32 last; only what was typed if it was.

    On a card the norms compute in FP32 in every half-precision engine, so that the step
    between FP16 and FP32 is no rung of its own.
    """
    if options.precision != "auto":
        return [Candidate(backend, spec)]
    if not device.startswith("cuda"):
        return candidates(backend, spec, device, is_backend_free=False, is_precision_free=True)
    steps: tuple[EnginePrecision, ...] = ("fp16", "fp32")
    return [Candidate(backend, replace(spec, precision=step)) for step in steps]


def time_in_turns(
    backends: Sequence[Backend], width: int, height: int, frames: int = TIMED_FRAMES
) -> list[float]:
    """CPU seconds of one frame on each, least of several, measured turn by turn.

    CPU time, because what else runs on the machine would drown the difference.
    """
    scene = dict(selftest_frames(width, height, ["scene"]))["scene"]
    least = [float("inf")] * len(backends)
    for _ in range(frames + 2):  # the first ones also fill caches; the least ignores them
        for number, backend in enumerate(backends):
            started_s = time.process_time()
            backend(scene)
            least[number] = min(least[number], time.process_time() - started_s)
    return least


def expected_seconds(rung: Candidate) -> float | None:
    """How long the last builds of this kind took on this machine, the longest; None if none."""
    records = (entry.record for entry in entries())
    times = [
        float(record.get("build_seconds", 0.0))
        for record in records
        if record.get("backend") == rung.backend and record.get("precision") == rung.spec.precision
    ]
    return max(times, default=None)


def worst_of(result: EngineResult) -> dict[str, float] | None:
    """Return psnr_min and max_abs of a result's self-test."""
    return selftest_summary({"selftest": result.selftest})
