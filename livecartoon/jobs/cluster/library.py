"""Many films, or one, over the workers of a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from livecartoon.config import EngineOptions
from livecartoon.jobs.cluster.crew import WorkerCrew
from livecartoon.jobs.cluster.fleet import Fleet
from livecartoon.jobs.cluster.messages import Parcel
from livecartoon.jobs.convert import Batch, or_failed
from livecartoon.jobs.hooks import Hooks, Progress, make_stylizer
from livecartoon.jobs.planning import Warn
from livecartoon.jobs.report import FileReport

POLL_S = 0.1


@contextmanager
def open_crew(
    address: str,
    workers: int,
    gpus_each: float | None,
    options: EngineOptions,
    warn: Warn,
) -> Iterator[WorkerCrew]:
    """Join the cluster at `address`, or make one of this machine (`local`)."""
    if gpus_each is None and options.device == "cpu":
        gpus_each = 0.0
    with Fleet(address, workers, gpus_each, options.threads) as fleet:
        yield WorkerCrew(list(fleet.workers), fleet.hire, warn)


class Library:
    """Has the films of a batch drawn by a crew, each in a thread that plans and joins it."""

    def __init__(
        self,
        batch: Batch,
        crew: WorkerCrew,
        *,
        fail_fast: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        on_warning: Warn | None = None,
        on_start: Callable[[int, FileReport], None] | None = None,
        on_done: Callable[[int, FileReport], None] | None = None,
    ) -> None:
        """The hooks are called from one thread at a time; progress is that of all films."""
        self._batch, self._crew, self._fail_fast = batch, crew, fail_fast
        self._on_warning, self._on_start, self._on_done = on_warning, on_start, on_done
        self._overall = Overall(batch.inputs, on_progress)
        self._lock = self._overall.lock
        self._opening = 0
        """Films whose laps do not wait for workers yet."""
        self._is_ending = False
        """One film failed, and no other is to be begun."""

    def convert(self) -> list[FileReport]:
        """Return what became of the films, in order; on Ctrl-C what is drawn is saved."""
        reports: dict[int, FileReport] = {}
        todo = iter(range(len(self._batch.inputs)))
        running: dict[Future[FileReport], int] = {}
        most = 2 * self._crew.size + 2
        with ThreadPoolExecutor(most, thread_name_prefix="film") as pool:
            try:
                while True:
                    has_room = len(running) < most and self._has_room()
                    number = next(todo, None) if has_room else None
                    if number is not None:
                        running[self._submit(pool, number)] = number
                        continue
                    if not running:
                        break
                    for done in wait(running, POLL_S, FIRST_COMPLETED).done:
                        reports[running.pop(done)] = done.result()
            except BaseException:
                self._crew.halt.stop(is_left=True)
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [reports[number] for number in sorted(reports)]

    def _has_room(self) -> bool:
        """Whether workers would be idle if no further film were opened; one is ahead of them.

        What is open lies on this disk in pieces until it is joined: no more than is needed.
        """
        return not self._is_ending and self._opening <= self._crew.spare

    def _submit(self, pool: ThreadPoolExecutor, number: int) -> Future[FileReport]:
        with self._lock:
            self._opening += 1  # before its thread runs: else all films would have room
        return pool.submit(self._film, number)

    def _film(self, number: int) -> FileReport:
        begun = threading.Event()

        def begin(report: FileReport | None = None) -> None:
            with self._lock:
                if not begun.is_set():
                    begun.set()
                    self._opening -= 1
                if report is not None and self._on_start is not None:
                    self._on_start(number, report)

        hooks = Hooks(
            make_stylizer,
            make_stylizer,
            partial(self._overall.update, number),
            begin,
            self._warn,
            self._crew,
        )
        path, target = self._batch.inputs[number], self._batch.targets[number]
        try:
            report = or_failed(path, target, partial(self._batch.convert, number, hooks))
            if self._fail_fast and report.error is not None:
                self._is_ending = True  # before there is room for another
        finally:
            begin()
        with suppress(OSError):
            self._crew.forget(Parcel.of(path))
        with self._lock:
            self._overall.finish(number)
            if self._on_done is not None:
                self._on_done(number, report)
        return report

    def _warn(self, code: str, text: str) -> None:
        with self._lock:
            if self._on_warning is not None:
                self._on_warning(code, text)


class Overall:
    """The progress of all films: their shares by size, as their lengths are not known yet."""

    def __init__(self, paths: list[Path], on_progress: Callable[[Progress], None] | None) -> None:
        self._bytes = [path.stat().st_size if path.is_file() else 0 for path in paths]
        self._on_progress = on_progress
        self._latest: dict[int, Progress] = {}
        self._done: set[int] = set()
        self.lock = threading.RLock()
        """Held while a hook is called."""

    def update(self, number: int, progress: Progress) -> None:
        """Hear of one film."""
        with self.lock:
            self._latest[number] = progress
            if self._on_progress is not None:
                self._on_progress(self._sum(progress.stage))

    def finish(self, number: int) -> None:
        """A film is done; one without frames, skipped or failed, tells nothing of the others."""
        with self.lock:
            self._done.add(number)
            if number not in self._latest or not self._latest[number].frame:
                self._bytes[number] = 0

    def _sum(self, stage: str) -> Progress:
        found = self._latest.values()
        drawn = sum(film.frame for film in found)
        known = self._done | self._latest.keys()
        share = sum(self._bytes[number] * self._share(number) for number in known)
        whole = round(drawn * sum(self._bytes) / share) if share else None
        return Progress(
            drawn,
            max(whole, drawn) if whole is not None else None,
            max(film.seconds for film in found),
            sum(film.bytes_out for film in found),
            sum(film.film_s or 0.0 for film in found),
            stage,
        )

    def _share(self, number: int) -> float:
        if number in self._done:
            return 1.0
        film = self._latest[number]
        return min(1.0, film.frame / film.frames) if film.frames else 0.0
