"""How long a user waits: for the help text, and for the first cartoon frame."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

FIRST_FRAME = """
import time
from pathlib import Path
from livecartoon.config import EngineOptions
from livecartoon.sources.file import FileSource
from livecartoon.styles import find_style
from livecartoon.stylizer import Stylizer
with FileSource(Path({clip!r})) as source:
    frames = iter(source)
    frame = next(frames)
    with Stylizer(find_style("shinkai"), frame.width, frame.height, EngineOptions()) as stylizer:
        stylizer(frame)
import os
os._exit(0)
"""


def run(rounds: int = 5) -> dict[str, Any]:
    """Medians of whole processes, started afresh, the engine stored or, "cold", still to build."""
    from benchmarks.pipeline import draw_clip

    with tempfile.TemporaryDirectory() as folder:
        clip = draw_clip(Path(folder) / "drawn.mp4", 30)
        first = [sys.executable, "-c", FIRST_FRAME.format(clip=str(clip))]
        subprocess.run(first, check=True)  # builds the engine
        return {
            "help_s": _median([sys.executable, "-m", "livecartoon", "--help"], rounds),
            "first_frame_s": _median(first, rounds),
            "cold_first_frame_s": _median(first, rounds, is_cold=True),
        }


def _median(command: list[str], rounds: int, *, is_cold: bool = False) -> float:
    times = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            environment = dict(os.environ)
            if is_cold:
                environment["LIVECARTOON_CACHE_DIR"] = cache
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            times.append(time.perf_counter() - started)
    return round(float(np.median(times)), 3)
