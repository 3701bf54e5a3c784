"""A blind study as one HTML file, its key in another, and the raters' answers read back."""

from __future__ import annotations

import base64
import csv
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livecartoon.errors import InputError
from trainer.metrics.arrays import Bytes
from trainer.study.scores import Answer
from trainer.study.trials import NOISE, Trial

QUESTIONS = {
    "A": "Which one looks more like a drawn cartoon?",
    "B": "Which one keeps better what the picture shows?",
}
SHARES = {"left": 1.0, "tie": 0.5, "right": 0.0}
TEMPLATE = Path(__file__).with_name("page.html")


def write_study(
    folder: Path,
    photos: dict[str, Bytes],
    results: dict[str, dict[str, Bytes]],
    plans: Sequence[Sequence[Trial]],
    seed: int,
) -> None:
    """Write `study.html`, which tells nobody what is what, and `key.json`, which does.

    `results` is by model, then photo; pictures are uint8 RGB of one size.
    """
    height, width = next(iter(photos.values())).shape[:2]
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    used = sorted(
        {(t.photo, side) for trials in plans for t in trials for side in (t.left, t.right)}
    )
    blind = {pair: secrets.token_hex(6) for pair in used}
    order = sorted(used, key=lambda pair: blind[pair])
    pictures = {
        blind[photo, model]: _encoded(noise if model == NOISE else results[model][photo])
        for photo, model in order
    }
    shown = sorted({photo for photo, _ in used})
    originals = {photo: f"o{index}" for index, photo in enumerate(shown)}
    pictures |= {originals[photo]: _encoded(photos[photo]) for photo in shown}
    trials = [
        [[originals[t.photo], blind[t.photo, t.left], blind[t.photo, t.right]] for t in rater]
        for rater in plans
    ]
    study = secrets.token_hex(4)
    data = {"study": study, "questions": QUESTIONS, "pictures": pictures, "trials": trials}
    page = TEMPLATE.read_text(encoding="utf-8").replace("/*DATA*/null", json.dumps(data))
    key = {
        "study": study,
        "models": list(results),
        "questions": QUESTIONS,
        "pictures": {name: {"photo": p, "model": m} for (p, m), name in blind.items()},
        "kinds": [[t.kind for t in rater] for rater in plans],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.html").write_text(page, encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")


def read_answers(key_file: Path, files: Sequence[Path]) -> tuple[list[str], list[Answer]]:
    """Models, and the answers of the raters' CSV files with the names put back.

    InputError E302 for a key or line that does not belong here, naming file and line. Of
    answers given twice to one trial the last counts.
    """
    key = _read_key(key_file)
    answers: dict[tuple[str, str, str], Answer] = {}
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for number, line in enumerate(csv.DictReader(stream), 2):
                try:
                    answer = _answer(line, key)
                except (KeyError, ValueError, IndexError, TypeError) as error:
                    raise InputError("E302", f"{file.name} line {number}: {error!r}") from error
                answers[line["rater"], line["trial"], line["question"]] = answer
    if not answers:
        raise InputError("E302", "no answers in the given files")
    return list(key["models"]), list(answers.values())


def _answer(line: dict[str, str], key: dict[str, Any]) -> Answer:
    if line["study"] != key["study"]:
        raise ValueError(f"of study {line['study']}, the key is of {key['study']}")
    left, right = (key["pictures"][line[side]] for side in ("left", "right"))
    if line["question"] not in key["questions"]:
        raise ValueError(f"no question {line['question']}")
    kind = key["kinds"][int(line["rater"]) - 1][int(line["trial"]) - 1]
    share = SHARES[line["choice"]]
    models = left["model"], right["model"]
    return Answer(line["rater"], line["question"], left["photo"], *models, share, kind)


def _read_key(key_file: Path) -> dict[str, Any]:
    if not key_file.is_file():
        raise InputError("E301", f"no key file {key_file}")
    try:
        key = json.loads(key_file.read_text(encoding="utf-8"))
        fields = {name: key[name] for name in ("study", "models", "questions", "pictures", "kinds")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("E302", f"{key_file.name} is no key of a study ({error!r})") from error
    return fields


def _encoded(picture: Bytes) -> str:
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")
