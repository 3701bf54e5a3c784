"""From a paper's run to the generator that it has trained."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livecartoon.errors import InputError
from livecartoon.models.generator import Generator
from trainer.recipes import find_recipe
from trainer.state import read_state, state_file


@dataclass(frozen=True, slots=True)
class Trained:
    """A generator with averaged parameters, in eval mode, and what its file should say."""

    generator: Generator
    header: dict[str, str]
    """Fields of a weights file: `dataset`, `steps`, `seed`, `training`."""


def model_of(run: Path) -> str:
    """What a run trains: `student`, or a generator's name; InputError E301 if it is no run."""
    return str(_settings(run).get("model", "student"))


def read_trained(run: Path, data: Path | None = None) -> Trained:
    """The generator of a run's last checkpoint.

    DEMAL needs the data folder, `data` if it has moved since: its style is the mean of cartoons.
    """
    kind: type[Any] = find_recipe(model_of(run))
    config = kind.config_type.read(run / "config.toml")
    # neither the perceptual network nor a GPU is needed to draw
    config = config.with_parameters(("features=", "device=cpu"))
    if data is not None:
        config = config.with_parameters((f"data={data}",))
    state = read_state(state_file(run))
    recipe = kind(config)
    if recipe.draws_from_data:
        recipe.loader(0, 1)
    generator: Generator = recipe.artist(state["average"])
    settings = _settings(run)
    names = {key: Path(settings[key]).name for key in ("data", "features")}
    header = {
        "dataset": names["data"],
        "steps": str(state["step"]),
        "seed": str(config.seed),
        "training": json.dumps([settings | names | {"run": run.name}]),
    }
    return Trained(generator, header)


def _settings(run: Path) -> dict[str, Any]:
    path = run / "config.toml"
    if not path.is_file():
        raise InputError("E301", f"{run} is no run: no config.toml", "give the folder of a run")
    return tomllib.loads(path.read_text(encoding="utf-8"))
