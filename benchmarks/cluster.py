"""What a cluster costs: a long film and a library, with a worker killed on the way."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.films import draw_film
from livecartoon.config import EngineOptions
from livecartoon.errors import OutputError
from livecartoon.jobs.cluster.crew import WorkerCrew
from livecartoon.jobs.cluster.fleet import Fleet
from livecartoon.jobs.cluster.library import Library
from livecartoon.jobs.convert import Batch, convert_many
from livecartoon.jobs.hooks import Progress
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.sources.file import FileSource
from livecartoon.sources.probe import inspect

#: Lossless, so that pixels can be compared.
SETTINGS = ConvertSettings(codec="ffv1", overwrite=True)
SMALL_FRAMES = 10


def run(
    minutes: float, rate: int, size: tuple[int, int], style: str, workers: int, files: int
) -> dict[str, Any]:
    """Convert a film, then a library, serially and on a cluster; `files` = 0 leaves it away."""
    options = EngineOptions(style=style, device="cpu", threads=1)
    frames = round(60 * minutes * rate)
    figures: dict[str, Any] = {
        "size": list(size),
        "rate": rate,
        "style": style,
        "workers": workers,
        "segment_s": float(SETTINGS.segment_s),
    }
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        warm = draw_film(place / "warm.mp4", 2 * rate, rate, size)
        convert_many([warm], place, options, SETTINGS)  # the engine is built once
        begun_s = time.perf_counter()
        with Fleet("local", workers, 0.0, options.threads) as fleet:
            figures["start_s"] = round(time.perf_counter() - begun_s, 2)
            if frames:
                film = draw_film(place / "film.mp4", frames, rate, size)
                figures["film"] = beside([film], place, options, fleet, frames)
            if files:
                one = draw_film(place / "one.mp4", SMALL_FRAMES, rate, size).read_bytes()
                names = [place / f"{number:03}.mp4" for number in range(files)]
                for name in names:
                    name.write_bytes(one)
                figures["library"] = beside(names, place, options, fleet, files * SMALL_FRAMES)
    parts = [figures[name] for name in ("film", "library") if name in figures]
    figures["is_good"] = all(part["are_times_equal"] and part["are_pixels_equal"] for part in parts)
    return figures


def beside(
    films: list[Path], place: Path, options: EngineOptions, fleet: Fleet, frames: int
) -> dict[str, Any]:
    """Convert the same films both ways and compare the results."""
    outputs = [place / name / "{stem}.mkv" for name in ("serial", "cluster")]
    started_s = time.perf_counter()
    _checked(convert_many(films, outputs[0], options, SETTINGS))
    serial_s = time.perf_counter() - started_s
    found = _on_cluster(films, outputs[1], options, fleet, frames)
    pairs = [[output.with_name(f"{film.stem}.mkv") for output in outputs] for film in films]
    return {
        "files": len(films),
        "frames": frames,
        "serial_s": round(serial_s, 2),
        **found,
        "cluster_over_serial": round(found["cluster_s"] / serial_s, 3),
        "are_times_equal": all(inspect(a).pts == inspect(b).pts for a, b in pairs),
        "are_pixels_equal": all(_have_same_pixels(a, b) for a, b in pairs),
    }


def _on_cluster(
    films: list[Path], output: Path, options: EngineOptions, fleet: Fleet, frames: int
) -> dict[str, Any]:
    """Convert on the cluster; at a random moment one of its workers is killed."""
    warnings: list[str] = []
    fatal = random.Random(frames).randint(frames // 5, 4 * frames // 5)
    victims = [fleet.workers[-1].pid]
    started_s = time.perf_counter()

    def kill(progress: Progress) -> None:
        if progress.frame >= fatal and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    crew = WorkerCrew(list(fleet.workers), fleet.hire, lambda code, text: warnings.append(code))
    batch = Batch(films, output, options, SETTINGS)
    _checked(Library(batch, crew, on_progress=kill).convert())
    return {
        "cluster_s": round(time.perf_counter() - started_s, 2),
        "killed_at_frame": fatal,
        "workers_lost": warnings.count("W510"),
    }


def _checked(reports: list[Any]) -> None:
    for report in reports:
        if report.status != "done":
            raise OutputError("E402", f"{report.input} became {report.status}: {report.error}")


def _have_same_pixels(one: Path, other: Path) -> bool:
    with FileSource(one) as left, FileSource(other) as right:
        return all(
            a.pixels.tobytes() == b.pixels.tobytes() for a, b in zip(left, right, strict=True)
        )
