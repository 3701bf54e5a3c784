"""Training, as one linear function."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import numpy as np
import torch

from livecartoon.errors import InputError, ModelError
from trainer.config import StudentTraining
from trainer.data.pairs import CropSampler, read_pairs
from trainer.metrics.gates import judge
from trainer.recipes.student import StudentRecipe
from trainer.snapshot import write_sheet
from trainer.state import Average, TrainingState

log = logging.getLogger(__name__)


def train(
    config: StudentTraining, run: Path, *, evaluate: bool = True, pause_at: int | None = None
) -> dict[str, float]:
    """Train a student in the folder `run`, going on from its last checkpoint if there is one.

    Returns the gates' figures on the held-out pairs (empty without `evaluate`). `pause_at` saves
    and returns at that step; the same call without it goes on. Stops at
    `config.steps` or after `config.budget_s` seconds of work, whichever is first; Ctrl-C
    saves and raises. A non-finite loss raises ModelError E606 and keeps the last checkpoint.
    """
    # set up
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    run.mkdir(parents=True, exist_ok=True)
    config.write(run / "config.toml")
    recipe = StudentRecipe(config)
    student = recipe.student
    pairs = Path(config.pairs)
    sampler = CropSampler(read_pairs(pairs, "t"), config.crop, config.people_share, rng)
    held_out = read_pairs(pairs, "h")
    optimizer = torch.optim.AdamW(
        student.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=1e-5
    )
    state = TrainingState(student, Average(student, config.ema), optimizer, rng)

    # resume
    last = run / "last.pt"
    if last.exists():
        state.load(last)
        log.info("going on at step %d of %d", state.step, config.steps)
    elif config.init:
        _start_from(Path(config.init), state, config.gate_gain)

    # steps
    saved_at = state.worked_s
    with (run / "log.jsonl").open("a", encoding="utf-8") as journal:
        try:
            while (done := _share_done(config, state)) < 1 and state.step != pause_at:
                started = time.process_time()
                for group in optimizer.param_groups:
                    group["lr"] = recipe.learning_rate(state.step, done)
                losses = recipe.losses(sampler, done, rng)
                if not torch.isfinite(losses.total):
                    raise ModelError(
                        "E606",
                        f"loss is not finite at step {state.step} (flat {losses.flat}, "
                        f"line {losses.line}, steady {losses.steady})",
                        "a lower learning rate: -p learning_rate=1e-3",
                    )
                optimizer.zero_grad(set_to_none=True)
                losses.total.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
                optimizer.step()
                state.average.update(student)
                state.step += 1
                state.worked_s += time.process_time() - started

                # journal and checkpoint
                if state.step % 50 == 0:
                    line = {
                        "step": state.step,
                        "worked_s": round(state.worked_s, 1),
                        "done": round(done, 4),
                        "flat": round(losses.flat, 5),
                        "line": round(losses.line, 5),
                        "steady": round(losses.steady, 5),
                    }
                    journal.write(json.dumps(line) + "\n")
                    journal.flush()
                if state.worked_s - saved_at > config.checkpoint_s:
                    saved_at = state.worked_s
                    state.save(last)
                    write_sheet(run / "samples" / f"{state.step:06d}.png", state, held_out, config)
        finally:
            state.save(last)

    # judge
    write_sheet(run / "samples" / f"{state.step:06d}.png", state, held_out, config)
    if not evaluate or done < 1:
        return {}
    figures = judge(state.average.tensors, config.tier, held_out)
    (run / "metrics.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


def _start_from(run: Path, state: TrainingState, gate_gain: float) -> None:
    """Begin with the averaged parameters of another run of the same tier."""
    stored = run / "last.pt"
    if not stored.exists():
        raise InputError("E301", f"no checkpoint in {run}", "give the folder of a run")
    tensors = torch.load(stored, weights_only=True)["average"]
    tensors |= {name: gate_gain * tensors[name] for name in ("gate.weight", "gate.bias")}
    state.network.load_state_dict(tensors)
    state.average.tensors = {name: tensor.clone() for name, tensor in tensors.items()}


def _share_done(config: StudentTraining, state: TrainingState) -> float:
    by_steps = state.step / config.steps
    by_time = state.worked_s / config.budget_s if config.budget_s else 0.0
    return max(by_steps, by_time)
