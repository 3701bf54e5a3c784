"""How fast every recipe trains, and whether the pictures come fast enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from trainer.recipes import RECIPES

WARM = 2
"""Lines of the journal that are left out: the first steps build and fill everything."""


def run(
    data: Path, features: Path, seconds: float, *, tiny: bool = True, threads: int = 0
) -> dict[str, Any]:
    """Train each recipe afresh for `seconds`; images/s and the share of time without pictures.

    `data` is a folder of `trainer prepare` with photos, cartoons, smoothed copies and saliency,
    `features` the file of the perceptual network.
    """
    figures: dict[str, Any] = {"seconds": seconds, "threads": threads or os.cpu_count()}
    for name in sorted(RECIPES):
        if name == "student":
            continue
        model = f"{name}-tiny" if tiny else name
        with tempfile.TemporaryDirectory() as folder:
            lines = _train(model, data, features, seconds, threads, Path(folder) / "run")
        figures[model] = summary(lines)
    return figures


def summary(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Median rate of the main phase, or of all if it was not reached, and the worst wait."""
    main = [line for line in lines if line.get("phase") == "main"]
    chosen = (main if len(main) > WARM else lines)[WARM:] or lines[-1:]
    return {
        "images_per_s": round(float(np.median([line["images_per_s"] for line in chosen])), 2),
        "waiting": round(float(np.median([line["waiting"] for line in chosen])), 4),
        "steps": lines[-1]["step"],
    }


def _train(
    model: str, data: Path, features: Path, seconds: float, threads: int, run: Path
) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "trainer", "train", "--model", model, "--data", str(data)]
    command += ["-o", str(run), "--features", str(features), "--budget", f"{seconds:g}s"]
    command += ["-p", "log_every=5", "--no-evaluate"]
    if threads:
        command += ["-p", f"threads={threads}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    journal = run / "log.jsonl"
    if done.returncode or not journal.is_file():
        raise RuntimeError(f"{model}: {done.stderr.strip().splitlines()[-1:]}")
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
