"""From a student's run to the weights file that the product ships."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from livecartoon.models.checkpoint import write_checkpoint
from trainer.beginning import lineage, steps
from trainer.card import write_card
from trainer.config import StudentTraining
from trainer.finished import averaged_student
from trainer.recipes.student import INK_STYLES
from trainer.state import read_state, state_file


def export_student(
    run: Path, output: Path, *, name: str, title: str, description: str, licence: str, data: str
) -> None:
    """Write the averaged student of a run, fused, in half precision with its full header, and its
    model card beside it.

    `licence` covers the weights, `data` states the rights of the training pictures.
    """
    content = read_state(state_file(run))
    config = StudentTraining.read(run / "config.toml")
    student = averaged_student(content["average"], config.tier)
    tensors = {
        key: np.ascontiguousarray(value.numpy().astype(np.float16))
        for key, value in student.state_dict().items()
    }
    header = {
        "style": name,
        "title": title,
        "description": description,
        "arch": "student",
        "tier": config.tier,
        "arch_config": json.dumps(student.config_dict()),
        "ink": json.dumps(asdict(INK_STYLES[config.style])),
        "stride": "8",
        "input": "rgb;0..1;nhwc",
        "output": "rgb;0..1;nhwc",
        "temporal": json.dumps({"mode": "blend", "strength": 0.6}),
        "fp16": "ok",
        "license": licence,
        "license_data": data,
        "paper": "own: designed targets, gate-blur student",
        "dataset": f"{Path(config.pairs).name} ({_counts(Path(config.pairs))})",
        "steps": " + ".join(steps(run)),
        "seed": str(config.seed),
        "date": datetime.now(UTC).date().isoformat(),
        "metrics": json.dumps(_metrics(run)),
        "training": json.dumps(lineage(run)),
    }

    write_checkpoint(output, tensors, header)
    write_card(output)


def _counts(pairs: Path) -> str:
    kinds = {kind: len(list(pairs.glob(f"{kind}_*.npz"))) for kind in ("t", "h")}
    return f"{kinds['t']} training pairs, {kinds['h']} held out"


def _metrics(run: Path) -> dict[str, Any]:
    path = run / "metrics.json"
    metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return metrics
