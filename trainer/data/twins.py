"""Pictures derived from pictures: edge-smoothed cartoons and saliency maps, one file each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2

from trainer.data.decode import Bytes, read_rgb, write_png
from trainer.data.saliency import saliency_target
from trainer.data.smooth import smooth_edges

MAKERS: dict[str, Callable[[Bytes], Bytes]] = {
    "saliency": saliency_target,
    "smoothed": smooth_edges,
}
Job = tuple[str, Path, Path]
"""Maker, picture, twin."""


def make_twins(
    folder: Path,
    wanted: Sequence[tuple[str, str, str]],
    workers: int,
    tell: Callable[[str, int], None],
) -> None:
    """For each (maker, source, target) make a twin of every PNG in `folder`/source.

    What is there already stays; `tell` gets the target folder and how many are done.
    """
    jobs: list[Job] = []
    for maker, source, target in wanted:
        (folder / target).mkdir(parents=True, exist_ok=True)
        for picture in sorted((folder / source).glob("*.png")):
            twin = folder / target / picture.name
            if not twin.exists():
                jobs.append((maker, picture, twin))
    done: dict[str, int] = {}
    for name in _run(jobs, workers):
        done[name] = done.get(name, 0) + 1
        tell(name, done[name])


def _run(jobs: Sequence[Job], workers: int) -> Iterator[str]:
    if workers == 1:
        yield from map(_make, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _use_one_thread) as pool:
        yield from pool.imap_unordered(_make, jobs, chunksize=4)


def _make(job: Job) -> str:
    maker, source, target = job
    picture = read_rgb(source)
    assert picture is not None, f"{source} was written by us"
    write_png(target, MAKERS[maker](picture))
    return target.parent.name


def _use_one_thread() -> None:
    cv2.setNumThreads(1)
