"""Training, as one linear function for all recipes."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from trainer.config import Training
from trainer.data.ahead import Ahead
from trainer.interruption import Interruption
from trainer.meter import Meter, check_finite
from trainer.processes import Processes, find_device
from trainer.recipes import find_recipe
from trainer.recipes.base import Moment, Recipe
from trainer.runfolder import RunFolder
from trainer.snapshot import Journals, write_checkpoint
from trainer.state import Average, TrainingState, state_file, write_bytes

log = logging.getLogger(__name__)


def train(
    config: Training, run: Path, *, evaluate: bool = True, pause_at: int | None = None
) -> dict[str, float]:
    """Train what `config.model` names in the folder `run`, going on from its last checkpoint.

    Returns the recipe's figures of the finished run (empty without `evaluate`). Stops at the
    end of the schedule or after `config.budget_s` seconds of work, whichever is first;
    `pause_at` saves and returns at that step. Ctrl-C and SIGTERM save at the end of a step and
    raise KeyboardInterrupt. A non-finite loss raises ModelError E606 and keeps the last
    checkpoint; one process at a time may write a folder (E406).
    """
    # networks and data; every random number comes from the seed
    torch.manual_seed(config.seed)
    device = find_device(config.device)
    processes = Processes(device)
    recipe: Recipe = find_recipe(config.model)(config)
    loader = recipe.loader(processes.rank, processes.world)
    state = TrainingState(recipe, Average(recipe.averaged, config.ema))
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    with (
        processes,
        _threads(config.threads),
        RunFolder(run, config, processes.is_first) as folder,
        Journals(folder) as journals,
        Interruption() as interruption,
        Ahead(loader) as batches,
    ):
        _go_on_or_begin(state, folder, processes)
        folder.record(recipe.facts() | {"processes": processes.world, "device": str(device)})

        # steps
        saved_at, meter = state.worked_s, Meter()
        while True:
            worked_s, is_asked = processes.agree(state.worked_s, float(bool(interruption)))
            done = _share_done(config, recipe, state.step, worked_s)
            moment = Moment(state.step, done, config.seed)
            if moment.done >= 1 or state.step == pause_at or is_asked:
                break
            started, begun = clock(), time.perf_counter()
            batch = batches(state.step)
            meter.add_batch(config.batch * processes.world, time.perf_counter() - begun)
            phase = recipe.schedule(moment)
            _take_step(recipe, batch, moment, processes, meter)
            state.average.update(recipe.averaged)
            state.step += 1
            state.worked_s += clock() - started

            # journal and checkpoint
            if state.step % config.log_every == 0:
                journals.write(state, phase, moment.done, meter.take())
            if worked_s - saved_at > config.checkpoint_s:
                saved_at = worked_s
                write_checkpoint(folder, state)

        # leave, or judge
        write_checkpoint(folder, state)
        processes.wait()
        if is_asked:
            raise KeyboardInterrupt
        is_judged = evaluate and moment.done >= 1 and processes.is_first
        return _judged(recipe, state, run) if is_judged else {}


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let torch have so many threads meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _judged(recipe: Recipe, state: TrainingState, run: Path) -> dict[str, float]:
    """The figures of the finished run, also written into its folder."""
    figures = recipe.judge(state.average.tensors)
    if figures:
        write_bytes(run / "metrics.json", (json.dumps(figures, indent=1) + "\n").encode())
    return figures


def _go_on_or_begin(state: TrainingState, folder: RunFolder, processes: Processes) -> None:
    processes.wait()
    saved = processes.file_of_first(state_file(folder.run))
    if saved is not None:
        state.load(saved)
        log.info("going on at step %d of %d", state.step, state.recipe.steps)
    else:
        state.recipe.start()
        state.average = Average(state.recipe.averaged, folder.config.ema)
        write_checkpoint(folder, state)


def _take_step(
    recipe: Recipe,
    batch: Any,  # noqa: ANN401  what its loader gives
    moment: Moment,
    processes: Processes,
    meter: Meter,
) -> None:
    """Let every player of the recipe learn from one batch; ModelError E606 if a loss is lost."""
    for move in recipe.moves(batch, moment):
        total = check_finite(move, moment.step)
        optimizer = recipe.optimizers[move.player]
        optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]  # torch's
        moving = [p for group in optimizer.param_groups for p in group["params"]]
        processes.average_gradients(moving)
        if recipe.clip is not None:
            torch.nn.utils.clip_grad_norm_(moving, recipe.clip)
        optimizer.step()
        meter.add(move)


def _share_done(config: Training, recipe: Recipe, step: int, worked_s: float) -> float:
    by_steps = step / recipe.steps
    by_time = worked_s / config.budget_s if config.budget_s else 0.0
    return max(by_steps, by_time)
