"""Measures the network alone and whole conversions, on frames drawn here."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from livecartoon.backends import BACKENDS, probe
from livecartoon.config import EngineOptions
from livecartoon.errors import UsageError
from livecartoon.frame import Frame
from livecartoon.pipeline import run
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo
from livecartoon.sources.file import FileSource
from livecartoon.sources.pattern import Painter
from livecartoon.styles import Style, find_style
from livecartoon.stylizer import Stylizer

WINDOWS = 5
WARMUP_SHARE = 0.3
"""Of the measured time; discarded."""
DRAWN_FRAMES = 24
LEAST_SIDE = 16
"""Pixels of a drawn frame."""
LEAST_FRAMES, MOST_FRAMES = 10, 900
RATE = Fraction(30)
TIME_BASE = Fraction(1, 30)


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """What is measured: every size on every backend."""

    sizes: tuple[tuple[int, int], ...] = ((1280, 720),)
    backends: tuple[str, ...] = ()
    """Empty = all that can run here."""
    seconds: float = 10.0
    """For each run: half for the network alone, half end to end."""


def usable_backends() -> list[str]:
    """Return the backends that can run on this machine."""
    return [name for name in sorted(BACKENDS) if probe(name) is None]


def bench(
    settings: BenchSettings,
    options: EngineOptions,
    on_start: Callable[[int, int, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the `runs` of the JSON document; EngineError if a named backend cannot run.

    UsageError E201 for a size that the drawn frames cannot have.
    """
    for width, height in settings.sizes:
        if width % 2 or height % 2 or min(width, height) < LEAST_SIDE:
            text = f"{width}x{height} is not even, or below {LEAST_SIDE}x{LEAST_SIDE}"
            raise UsageError("E201", text, "--size 640x360")
    style = find_style(options.style)
    backends = settings.backends or tuple(usable_backends())
    if style.kind == "filter":
        backends = backends[:1]  # a filter is the same code everywhere
    plan = [(size, backend) for size in settings.sizes for backend in backends]
    runs = []
    for number, ((width, height), backend) in enumerate(plan):
        if on_start is not None:
            on_start(number, len(plan), f"{style.name} {width}x{height} {backend}")
        chosen = replace(options, backend=backend)  # type: ignore[arg-type]  # checked by choices
        runs.append(_measure(style, width, height, chosen, settings.seconds / 2))
    return runs


def _measure(
    style: Style, width: int, height: int, options: EngineOptions, seconds: float
) -> dict[str, Any]:
    frames = drawn_frames(width, height)
    with Stylizer(style, width, height, options) as stylizer:
        _time_calls(stylizer, frames, seconds * WARMUP_SHARE)
        calls_s = _time_calls(stylizer, frames, seconds)
        busy_s, count = dict(stylizer.stage_s), stylizer.frames
        network_fps = count / busy_s["network"]
        windows, stage_ms = _end_to_end(stylizer, frames, seconds)
        report = stylizer.report
    return {
        "style": style.name,
        "tier": report.tier,
        **_network(style, report.tier),
        "size": [width, height],
        "infer_size": list(report.infer_size),
        "device": report.device,
        "backend": report.backend,
        "precision": report.precision,
        "batch": 1,
        "windows": len(windows),
        "fps_end_to_end": {
            "median": _rounded(statistics.median(windows)),
            "min": _rounded(min(windows)),
            "max": _rounded(max(windows)),
        },
        "fps_network": _rounded(network_fps),
        "latency_ms": percentiles(calls_s),
        "stage_ms": stage_ms,
        "peak_vram": _peak_vram(report.device),
        "build_seconds": _rounded(report.build_seconds),
        "throttled": None,
        "psnr_vs_fp32": (report.selftest or {}).get("psnr_min"),
    }


def _network(style: Style, tier: str) -> dict[str, Any]:
    """Return architecture and size of what runs."""
    if style.kind == "filter":
        return {"arch": "filter", "params": 0}
    from livecartoon.models.checkpoint import read_checkpoint

    checkpoint = read_checkpoint(style.file_for(tier)[1])
    count = sum(int(tensor.size) for tensor in checkpoint.tensors.values())
    return {"arch": checkpoint.architecture, "params": count}


def drawn_frames(width: int, height: int) -> list[Frame]:
    """Return moving frames of that size."""
    painter = Painter(width, height)
    return [Frame(painter.paint(n, n / 30, n * 33), n, TIME_BASE, 1) for n in range(DRAWN_FRAMES)]


def _time_calls(stylizer: Stylizer, frames: Sequence[Frame], seconds: float) -> list[float]:
    """Stylize over and over for about `seconds`, at least three times; seconds of each call."""
    calls_s: list[float] = []
    end_s = time.perf_counter() + seconds
    while len(calls_s) < 3 or time.perf_counter() < end_s:
        frame = _at(frames, len(calls_s))
        started_s = time.perf_counter()
        stylizer(frame)
        calls_s.append(time.perf_counter() - started_s)
    return calls_s


def _at(frames: Sequence[Frame], number: int) -> Frame:
    """Return frame `number` of the endless clip that goes through `frames` to and fro."""
    span = 2 * (len(frames) - 1)
    place = number % span
    return replace(frames[min(place, span - place)], pts=number)


def _end_to_end(
    stylizer: Stylizer, frames: Sequence[Frame], seconds: float
) -> tuple[list[float], dict[str, float]]:
    """Convert a file to a file; frames per second in each window, ms of each stage per frame."""
    per_frame_s = (stylizer.stage_s["network"] + stylizer.stage_s["temporal"]) / stylizer.frames
    count = max(LEAST_FRAMES, min(MOST_FRAMES, int(seconds / per_frame_s)))
    stamps: list[float] = []
    with tempfile.TemporaryDirectory(prefix="livecartoon-bench-") as folder:
        clip = Path(folder) / "clip.mp4"
        _write(clip, (_at(frames, number) for number in range(count)))
        stylizer.reset()
        before = dict(stylizer.stage_s)
        with FileSource(clip) as source, FileSink(Path(folder) / "out.mp4", source.info) as sink:
            started_s = time.perf_counter()
            done = run(
                source, stylizer, sink, on_frame=lambda _: stamps.append(time.perf_counter())
            )
            sink.close()
            stamps[-1] = time.perf_counter()  # the encoder's last frames count too
    busy_s = done.busy_s | {name: stylizer.stage_s[name] - before[name] for name in before}
    stage_ms = {name: _rounded(1000 * busy / done.frames) for name, busy in busy_s.items()}
    return window_rates([started_s, *stamps]), stage_ms


def _write(path: Path, frames: Iterable[Frame]) -> None:
    frames = iter(frames)
    first = next(frames)
    info = VideoInfo(first.width, first.height, TIME_BASE, RATE)
    with FileSink(path, info, EncoderSettings(preset="ultrafast")) as sink:
        sink.write(first)
        for frame in frames:
            sink.write(frame)


def window_rates(stamps: Sequence[float]) -> list[float]:
    """Return the rate in each of up to WINDOWS equal parts of a start and its frame times."""
    count = len(stamps) - 1
    windows = min(WINDOWS, count)
    edges = [round(count * part / windows) for part in range(windows + 1)]
    return [(b - a) / max(1e-9, stamps[b] - stamps[a]) for a, b in pairwise(edges)]


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in ms, interpolated linearly."""
    values = np.percentile(np.asarray(seconds), (50, 95, 99))
    names = ("p50", "p95", "p99")
    return {name: _rounded(1000 * float(v)) for name, v in zip(names, values, strict=True)}


def _rounded(value: float) -> float:
    return round(value, 2)


def _peak_vram(device: str) -> int | None:
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda.max_memory_allocated(device)
