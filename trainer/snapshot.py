"""What a run shows of itself: sample sheets, checkpoints, journal."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cv2
import numpy as np

from trainer.recipes.base import Bytes
from trainer.runfolder import RunFolder
from trainer.state import TrainingState, state_file, write_bytes

CELL_HEIGHT = 256
"""Pixels of one picture on a sheet."""


def write_checkpoint(folder: RunFolder, state: TrainingState) -> None:
    """Store the run's state and a sheet of sample pictures; only the first process writes."""
    if not folder.is_writer:
        return
    state.save(state_file(folder.run))
    rows = state.recipe.sheet(state.average.tensors)
    write_sheet(folder.run / "samples" / f"{state.step:06d}.png", rows)


def write_sheet(path: Path, rows: list[tuple[Bytes, ...]]) -> None:
    """Store rows of pictures as PNG, each at the height of a cell, short rows filled up."""
    strips = [np.hstack([_cell(picture) for picture in row]) for row in rows]
    width = max(strip.shape[1] for strip in strips)
    filled = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0))) for s in strips]
    _, packed = cv2.imencode(".png", cv2.cvtColor(np.vstack(filled), cv2.COLOR_RGB2BGR))
    write_bytes(path, packed.tobytes())


def _cell(picture: Bytes) -> Bytes:
    height, width = picture.shape[:2]
    size = (round(width * CELL_HEIGHT / height), CELL_HEIGHT)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class Journals:
    """`log.jsonl`, and TensorBoard's files where that is installed."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._board = _tensorboard(folder.run) if folder.is_writer else None

    def write(
        self, state: TrainingState, phase: str, done: float, figures: dict[str, float]
    ) -> None:
        """One line; raw losses, before their weights."""
        worked = round(state.worked_s, 1)
        line = {"step": state.step, "worked_s": worked, "done": round(done, 4), "phase": phase}
        self._folder.journal(**line, **figures)
        for name, value in figures.items():
            if self._board is not None:
                self._board.add_scalar(name, value, state.step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._board is not None:
            self._board.close()


def _tensorboard(run: Path) -> Any:  # noqa: ANN401  a SummaryWriter, if there is one
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(run / "tensorboard"))
