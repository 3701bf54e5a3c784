"""Every recipe: who moves in which step, phases, sample sheets, going on after a stop."""

import json

import numpy as np
import pytest
import torch

from livecartoon.models.checkpoint import read_checkpoint
from tests.drawing import write_unpaired
from trainer.export_paper import export_generator
from trainer.loop import train
from trainer.options import training
from trainer.recipes import RECIPES, find_recipe, models
from trainer.recipes.base import Moment
from trainer.state import Average, read_state, state_file
from trainer.trained import read_trained

PAPERS = sorted(set(RECIPES) - {"student"})
SMALL = ("crop=64", "batch=2", "critic_width=8", "checkpoint_s=1000", "log_every=1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_unpaired(tmp_path_factory.mktemp("unpaired") / "data")


def settings(paper, data, *parameters):
    """Two epochs of two steps: the first phase is one of them where there is one."""
    lengths = ("init_epochs=1", "main_epochs=1")
    given = (*SMALL, *lengths, *parameters)
    if paper == "cartoonloss":
        given = tuple(text for text in given if not text.startswith("critic_width"))
    if paper == "demal":
        given = (*given, "upscale=1")
    if paper in ("cyclegan", "pixelcyclegan"):
        given = (*given, "init_epochs=0", "main_epochs=2", "pool=3")
    return training(f"{paper}-tiny", str(data), "paper", parameters=given)


@pytest.fixture(params=PAPERS)
def recipe(request, data):
    torch.manual_seed(0)
    made = find_recipe(request.param)(settings(request.param, data))
    made.batches = made.loader(0, 1)
    return made


def snapshot(recipe):
    return {
        name: {key: value.clone() for key, value in player.state_dict().items()}
        for name, player in recipe.players.items()
    }


def make(move, recipe):
    optimizer = recipe.optimizers[move.player]
    optimizer.zero_grad()
    move.total().backward()
    optimizer.step()


def differing(before, after):
    return {key for key in before if not torch.equal(before[key], after[key])}


@pytest.mark.parametrize("step", [0, 3])
def test_recipe_when_a_player_moves_then_all_others_stand_still(recipe, step):
    moment = Moment(step, step / recipe.steps, 0)
    recipe.schedule(moment)
    before, seen = snapshot(recipe), []
    for move in recipe.moves(recipe.batches(step), moment):
        make(move, recipe)
        after = snapshot(recipe)
        changed = {name for name in before if differing(before[name], after[name])}
        assert changed == {move.player}
        seen.append(move.player)
        before = after
    assert len(seen) == len(set(seen)) >= 1


def test_recipe_when_all_losses_are_computed_then_finite_and_noted(recipe):
    moment = Moment(3, 3 / recipe.steps, 0)
    recipe.schedule(moment)
    for move in recipe.moves(recipe.batches(3), moment):
        assert torch.isfinite(move.total())
        assert all(term.weight > 0 for term in move.terms.values())
        if move.player.startswith("critic"):
            assert move.notes
        assert all(0 <= float(note) <= 1 for note in move.notes.values())
        make(move, recipe)


def test_recipe_then_has_the_phases_of_its_settings(recipe):
    found = [recipe.schedule(Moment(step, step / recipe.steps, 0)) for step in range(recipe.steps)]
    assert len(found) == 4
    has_init = recipe.config.init_epochs > 0
    assert found == (["init", "init", "main", "main"] if has_init else ["main"] * 4)


def test_recipe_when_shown_then_rows_of_photo_and_cartoon(recipe):
    rows = recipe.sheet(Average(recipe.averaged, 0.9).tensors)
    assert len(rows) == 4
    for photo, drawn in rows:
        assert photo.shape == drawn.shape == (72, 72, 3)
        assert photo.dtype == drawn.dtype == np.uint8


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_train_when_stopped_and_resumed_then_equals_the_uninterrupted_run(paper, data, tmp_path):
    config = settings(paper, data)
    train(config, tmp_path / "whole")
    train(config, tmp_path / "halves", pause_at=3)
    assert read_state(state_file(tmp_path / "halves"))["step"] == 3
    train(config, tmp_path / "halves")
    first, second = (read_state(state_file(tmp_path / n)) for n in ("whole", "halves"))
    assert first["step"] == second["step"] == 4
    for part in ("networks", "average"):
        assert differing(first[part], second[part]) == set()
    trained = read_trained(tmp_path / "whole")
    assert trained.header["steps"] == "4"
    assert str(data) not in trained.header["training"]
    export_generator(
        trained.generator,
        tmp_path / "style.safetensors",
        **trained.header,
        style="drawn",
        license="CC0-1.0",
        license_data="drawn",
    )
    assert read_checkpoint(tmp_path / "style.safetensors").header["steps"] == "4"
    assert trained.generator(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 32, 32)
    lines = (tmp_path / "whole" / "log.jsonl").read_text().splitlines()
    assert {"phase", "images_per_s", "waiting"} <= set(json.loads(lines[-1]))


def test_models_then_names_what_find_recipe_finds():
    assert {"student", "cartoongan-tiny", "demal-xs", "whitebox"} <= set(models())
    assert all(find_recipe(name) for name in models())
