"""What stands in a column of the gallery: a style in a tier, a run's network, a designed target."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from livecartoon.config import EngineOptions, TemporalName
from livecartoon.errors import UsageError
from livecartoon.folders import cache_folder
from livecartoon.frame import Frame, Pixels
from livecartoon.styles import TIERS, find_style, list_styles
from livecartoon.stylizer import Stylizer
from trainer.data.decode import read_rgb, write_png
from trainer.targets import STYLES, make_target, pipeline

Draw = Callable[[Frame], Pixels]


def column_names(wished: Sequence[str]) -> list[str]:
    """STYLE:TIER for every tier of the wished styles, of all installed ones if none is wished.

    A wish names a style, a style and its tier, a weights file or the folder of a student's run;
    UsageError E201.
    """
    if not wished:
        wished = [style.name for style in list_styles()]
    return [name for wish in wished for name in _expanded(wish)]


def target_names(wished: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Styles whose designed targets are drawn: the wished, else those of the columns' styles."""
    if list(wished) == ["none"]:
        return []
    if unknown := set(wished) - set(STYLES):
        known = ", ".join(["none", *STYLES])
        raise UsageError("E201", f"no targets are designed for {sorted(unknown)[0]!r}", known)
    styles = [name.partition(":")[0] for name in columns]
    return list(wished) or [name for name in dict.fromkeys(styles) if name in STYLES]


@contextmanager
def open_column(name: str, size: tuple[int, int], temporal: TemporalName) -> Iterator[Draw]:
    """Give what draws the frames of one clip, or photos, of `size` (width, height).

    By torch: nothing is compiled, so a change of a style is seen in seconds.
    """
    if Path(name).is_dir():
        yield _of_run(Path(name))
        return
    style, tier = _split(name)
    options = EngineOptions(
        style=style, tier=tier or "auto", backend="torch", device="cpu", temporal=temporal
    )
    with Stylizer(find_style(style), *size, options) as stylizer:
        yield lambda frame: stylizer(frame).pixels


def draw_targets(style: str, pictures: Sequence[Pixels], workers: int) -> list[Pixels]:
    """The designed targets; what was drawn before by the same code and numbers is not again."""
    folder = cache_folder("targets")
    folder.mkdir(parents=True, exist_ok=True)
    job = partial(_target, style, folder)
    if workers == 1:
        return list(map(job, pictures))
    pool = ProcessPoolExecutor(workers, get_context("spawn"), cv2.setNumThreads, (1,))
    with pool:
        return list(pool.map(job, pictures))


def _expanded(wish: str) -> list[str]:
    """Columns of one wish: its own tier, or all that the style has."""
    if Path(wish).is_dir():
        return [wish]
    name, tier = _split(wish)
    style = find_style(name)
    if tier is None:
        return [f"{name}:{tier}" for tier in style.files] or [name]
    if tier not in style.files:
        raise UsageError("E201", f"{name} has no tier {tier}", *style.files)
    return [wish]


def _split(name: str) -> tuple[str, str | None]:
    style, _, tier = name.rpartition(":")
    return (style, tier) if tier in TIERS else (name, None)


def _target(style: str, folder: Path, picture: Pixels) -> Pixels:
    facts = f"{STYLES[style]}{picture.shape}"
    name = hashlib.sha256(_code() + facts.encode() + picture.tobytes()).hexdigest()
    path = folder / f"{name}.png"
    found = read_rgb(path)
    if found is None:
        drawn = make_target(picture.astype(np.float32) / np.float32(255), STYLES[style]).out
        found = np.asarray(np.rint(drawn * 255), np.uint8)
        write_png(path, found)
    return found


@cache
def _code() -> bytes:
    """All that draws targets, but for the table of styles: its numbers count one by one."""
    files = sorted(Path(pipeline.__file__).parent.glob("*.py"))
    return b"".join(path.read_bytes() for path in files if path.name != "styles.py")


def _of_run(run: Path) -> Draw:
    """The averaged network of a student's run that may still be training."""
    from trainer.config import StudentTraining
    from trainer.finished import averaged_student, finished
    from trainer.recipes.student import INK_STYLES
    from trainer.state import averaged_tensors

    config = StudentTraining.read(run / "config.toml")
    student = averaged_student(averaged_tensors(run), config.tier)
    return lambda frame: finished(student, INK_STYLES[config.style], frame.pixels)
