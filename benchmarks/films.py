"""What length costs: memory, the pace of the stages, and laps side by side, on a drawn film."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from livecartoon.errors import OutputError
from livecartoon.frame import Frame
from livecartoon.sinks.encoder import EncoderSettings
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo

STAGES = ("decode", "network", "temporal", "encode")
"""Each has a thread of its own."""
WARM_S = 2
MORE_MEMORY, MORE_WALL = 1.05, 1.15


def run(minutes: float, rate: int, size: tuple[int, int], style: str) -> dict[str, Any]:
    """Convert a tenth of the film, the whole film, and the whole film with two workers.

    Each in a process of its own, after one that compiles the engine.
    """
    whole = round(60 * minutes * rate)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        films = {
            "warm": draw_film(place / "warm.mp4", WARM_S * rate, rate, size),
            "short": draw_film(place / "short.mp4", whole // 10, rate, size),
            "long": draw_film(place / "long.mp4", whole, rate, size),
        }
        convert(films["warm"], style)
        short, long = convert(films["short"], style), convert(films["long"], style)
        beside = convert(films["long"], style, "--jobs", "2")
    figures = {
        "size": list(size),
        "rate": rate,
        "style": style,
        "short": short,
        "long": long,
        "two_jobs": beside,
        "memory_ratio": round(long["peak_rss_mib"] / short["peak_rss_mib"], 3),
        "wall_over_busiest_stage": round(long["wall_ms"] / max(long["stage_ms"].values()), 3),
        "two_jobs_over_serial": round(beside["command_s"] / long["command_s"], 3),
    }
    figures["is_good"] = (
        figures["memory_ratio"] <= MORE_MEMORY
        and figures["wall_over_busiest_stage"] <= MORE_WALL
        and figures["two_jobs_over_serial"] <= 1
    )
    return figures


def convert(film: Path, style: str, *flags: str) -> dict[str, Any]:
    """Run the command; what its JSON document says of the film, milliseconds per frame."""
    target = film.with_name(f"{film.stem}.out.mp4")
    command = [sys.executable, "-m", "livecartoon", "convert", str(film), "-o", str(target)]
    started_s = time.perf_counter()
    report = _report([*command, "-s", style, "-y", "--json", *flags])
    seconds = time.perf_counter() - started_s
    return {
        "frames": report["frames_out"],
        "command_s": round(seconds, 2),
        "wall_ms": round(1000 / report["fps_end_to_end"], 3),
        "stage_ms": {stage: report["stage_ms"][stage] for stage in STAGES},
        "peak_rss_mib": round(report["peak_rss"] / 2**20, 1),
    }


def _report(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise OutputError("E402", f"convert ended with {done.returncode}: {done.stderr.decode()}")
    report: dict[str, Any] = json.loads(done.stdout)["files"][0]
    return report


def draw_film(path: Path, frames: int, rate: int, size: tuple[int, int]) -> Path:
    """Encode a walk over a wide drawn picture with sensor noise; it repeats after 40 s."""
    width, height = size
    span = 3 * width
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :span].astype(np.float32)
    waves = 110 + 60 * np.sin(2 * np.pi * 9 * x / span) + 40 * np.sin(y / 23)
    world = np.stack([waves, 0.8 * waves + 30, 220 - 0.5 * waves], -1)
    for _ in range(60):
        left, top = rng.integers(0, span), rng.integers(0, height)
        side = rng.integers(6, 40)
        world[top : top + side, left : left + side] = rng.integers(20, 236, 3)
    twice = np.concatenate([world, world], axis=1).astype(np.int16)
    noise = rng.normal(0, 3, (8, height, width, 3)).astype(np.int16)
    info = VideoInfo(width, height, Fraction(1, rate), Fraction(rate), frames)
    with FileSink(path, info, EncoderSettings(preset="ultrafast")) as sink:
        for index in range(frames):
            shift = index * span // (40 * rate) % span
            view = twice[:, shift : shift + width] + noise[index % len(noise)]
            pixels = np.clip(view, 0, 255).astype(np.uint8)
            sink.write(Frame(pixels, index, Fraction(1, rate), 1))
    return path
