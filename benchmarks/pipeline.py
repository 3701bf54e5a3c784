"""What `convert` costs beside a plain decode and encode of the same clip with the same encoder."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.convert import ConvertSettings, convert_file
from livecartoon.sinks.encoder import encoder_options
from livecartoon.sinks.file import FileSink
from livecartoon.sources.base import VideoInfo

WIDTH, HEIGHT, RATE = 1280, 720, 30


def run(clip: Path | None = None, frames: int = 300, rounds: int = 3) -> dict[str, Any]:
    """CPU and wall seconds of both, the ratio, the busiest stage, and memory.

    In turns, for a machine's pace changes within minutes; the round of the median ratio is told.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = clip or draw_clip(place / "drawn.mp4", frames)
        settings = ConvertSettings(overwrite=True)
        options = EngineOptions()
        convert_file(source, place / "warm.mp4", options, settings)  # compiles, fills caches
        turns = []
        for _ in range(rounds):
            plain = _measured(lambda: transcode(source, place / "plain.mp4"))
            ours = _measured(lambda: convert_file(source, place / "ours.mp4", options, settings))
            turns.append((ours["cpu_s"] / plain["cpu_s"], plain, ours))
    turns.sort(key=lambda turn: turn[0])
    ratio, plain, ours = turns[len(turns) // 2]
    report = ours.pop("result")
    plain.pop("result")
    busiest = max(report.stage_ms.values())  # each has a thread of its own
    return {
        "clip": source.name,
        "frames": report.frames_out,
        "plain": plain,
        "convert": ours,
        "cpu_ratio": round(ratio, 2),
        "cpu_ratios": [round(each, 2) for each, _, _ in turns],
        "fps": report.fps_end_to_end,
        "stage_ms": report.stage_ms,
        "wall_over_busiest_stage": round(1000 / report.fps_end_to_end / busiest, 3),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def draw_clip(path: Path, frames: int) -> Path:
    """A moving drawn scene of 720 lines with sensor noise, as H.264."""
    info = VideoInfo(WIDTH, HEIGHT, Fraction(1, RATE), Fraction(RATE), frames)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, : 2 * WIDTH].astype(np.float32)
    waves = 90 + 60 * np.sin(x / 97) + 40 * np.sin(y / 61 + x / 331)
    world = np.stack([waves, 0.8 * waves + 30, 220 - 0.5 * waves], -1)
    for _ in range(120):
        left, top = rng.integers(0, 2 * WIDTH), rng.integers(0, HEIGHT)
        side = rng.integers(10, 120)
        world[top : top + side, left : left + side] = rng.integers(20, 236, 3)
    noise = rng.normal(0, 3, (HEIGHT, WIDTH, 3)).astype(np.float32)
    with FileSink(path, info) as sink:
        for index in range(frames):
            view = world[:, 4 * index % WIDTH :][:, :WIDTH] + np.roll(noise, 37 * index, 1)
            pixels = np.ascontiguousarray(np.clip(view, 0, 255).astype(np.uint8))
            sink.write(Frame(pixels, index, Fraction(1, RATE), 1))
    return path


def transcode(source: Path, target: Path) -> None:
    """Decode and encode with the converter's own encoder settings and nothing between.

    The frames stay in the codec's own format: no colour conversion either way.
    """
    settings = ConvertSettings().encoder()
    options = encoder_options("libx264", settings)
    with av.open(str(source)) as container, av.open(str(target), "w") as output:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        out = output.add_stream("libx264", rate=stream.average_rate, options=options)
        out.width, out.height, out.pix_fmt = stream.width, stream.height, "yuv420p"
        for frame in container.decode(stream):
            frame.pict_type = av.video.frame.PictureType.NONE
            output.mux(out.encode(frame))
        output.mux(out.encode(None))


def _measured(work: Callable[[], Any]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return {
        "result": result,
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }
