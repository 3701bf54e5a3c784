"""The workers of a cluster as one film after the other sees them."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError, InputError
from livecartoon.jobs.cluster.messages import CHUNK, Failed, Job, Message, Opened, Parcel, Task
from livecartoon.jobs.cluster.relay import Relay
from livecartoon.jobs.crew import Engine
from livecartoon.jobs.laps import Hand
from livecartoon.jobs.lapwork import CancelledError, Ear, Halt, Outcome
from livecartoon.jobs.pinning import drawn_by
from livecartoon.jobs.planning import Plan, Warn
from livecartoon.sinks.laps import Stretch

TRIES = 3
"""Workers that may die over one stretch: then it is the stretch."""
POLL_S = 0.5
AGAIN = "run the same command again"


class WorkerLostError(Exception):
    """A worker is gone, and what it had begun."""


class Handle(Protocol):
    """A worker, here or elsewhere; every call may raise WorkerLostError."""

    @property
    def host(self) -> str:
        """The machine it is on."""

    def has(self, parcel: Parcel) -> bool:
        """As the worker's."""

    def take(self, parcel: Parcel, content: bytes, *, is_first: bool, is_last: bool) -> None:
        """As the worker's."""

    def open(self, job: Job) -> Opened | Failed:
        """As the worker's."""

    def draw(self, task: Task) -> Iterator[Message]:
        """As the worker's."""

    def stop(self, number: int, *, is_left: bool) -> None:
        """As the worker's."""

    def forget(self, parcel: Parcel) -> None:
        """As the worker's."""


class WorkerCrew:
    """Lends workers to films, the one whose machine has the film first; replaces lost ones."""

    def __init__(
        self, workers: list[Handle], hire: Callable[[], Handle | None], warn: Warn
    ) -> None:
        """`hire` returns another worker, None if there is no room for one; `warn` is called from
        any thread.
        """
        self.halt = Halt()
        """Ends all films."""
        self.waiting = 0
        """Stretches that wait for a worker."""
        self._workers = list(workers)
        self._idle = list(workers)
        self._hire = hire
        self._warn = warn
        self._free = threading.Condition()
        self._hosts: dict[str, set[str]] = {}
        self._stale: dict[Handle, list[Parcel]] = {}  # films that busy workers are to forget
        self._engines: dict[tuple[int, int, EngineOptions], Opened] = {}
        self._numbers = itertools.count()

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._workers)

    @property
    def spare(self) -> int:
        """Workers for which nothing waits."""
        with self._free:
            return len(self._idle) - self.waiting

    def open(self, plan: Plan, options: EngineOptions) -> Opened:
        """Return the engine for films of that size, found once; EngineError E510."""
        info = plan.reading.info
        wanted = (info.width, info.height, options)
        if wanted not in self._engines:
            self._engines[wanted] = self._opened(job_of(plan, options))
        return self._engines[wanted]

    def _opened(self, job: Job) -> Opened:
        for _ in range(TRIES):
            try:
                with self.borrowed(job, Halt()) as worker:
                    found = worker.open(job)
            except WorkerLostError:
                continue
            if isinstance(found, Failed):
                raise found.error
            return found
        name = job.film.path.name
        raise EngineError("E510", f"{TRIES} workers were lost before {name} was begun", AGAIN)

    def hand(
        self, plan: Plan, options: EngineOptions, engine: Engine, folder: Path, halt: Halt
    ) -> Hand:
        """Return what draws stretches of a film into `folder`."""
        return _FilmHand(self, job_of(plan, options), engine, folder, halt)

    def forget(self, film: Parcel) -> None:
        """Let workers drop a film that is done: idle ones now, others when they are lent next."""
        with self._free:
            if self._hosts.pop(film.key, None) is None:
                return
            idle = list(self._idle)
            for worker in set(self._workers).difference(idle):
                self._stale.setdefault(worker, []).append(film)
        for worker in idle:
            try:
                worker.forget(film)
            except WorkerLostError:
                continue  # found out by whoever borrows it next

    def next_task(self, job: Job, stretch: Stretch, expected: list[int]) -> Task:
        """Return a task with a number of its own."""
        return Task(next(self._numbers), job, stretch, expected)

    @contextmanager
    def borrowed(self, job: Job, halt: Halt) -> Iterator[Handle]:
        """Lend a worker that has the film's files; CancelledError if there is nothing to do
        any more, EngineError E510 if no worker is left, InputError E301 if a file cannot be read.
        """
        worker = self._pick(job, halt)
        try:
            with self._free:
                stale = self._stale.pop(worker, [])
            for film in stale:
                worker.forget(film)
            for parcel in (job.film, job.style):
                if parcel is not None:
                    deliver(worker, parcel)
            yield worker
        except WorkerLostError as error:
            self._warn("W510", f"a worker on {worker.host} was lost ({error}): drawing that again")
            self._replace(worker)
            raise
        except BaseException:
            self._give_back(worker, job)
            raise
        self._give_back(worker, job)

    def _pick(self, job: Job, halt: Halt) -> Handle:
        with self._free:
            self.waiting += 1
            try:
                while not (self._idle or halt.is_set or self.halt.is_set):
                    if not self._workers:
                        raise EngineError("E510", "no worker of the cluster is left", AGAIN)
                    self._free.wait(POLL_S)
            finally:
                self.waiting -= 1
            if halt.is_set or self.halt.is_set:
                raise CancelledError
            near = self._hosts.get(job.film.key, set())
            chosen = next((one for one in self._idle if one.host in near), self._idle[0])
            self._idle.remove(chosen)
            return chosen

    def _give_back(self, worker: Handle, job: Job) -> None:
        with self._free:
            self._hosts.setdefault(job.film.key, set()).add(worker.host)
            self._idle.append(worker)
            self._free.notify()

    def _replace(self, lost: Handle) -> None:
        found = None
        try:
            found = None if self.halt.is_set else self._hire()
        except EngineError as error:
            self._warn("W510", f"no worker takes its place: {error.message}")
        finally:
            with self._free:
                self._workers.remove(lost)  # else films would wait for it for ever
                self._stale.pop(lost, None)
                if found is not None:
                    self._workers.append(found)
                    self._idle.append(found)
                self._free.notify_all()


class _FilmHand:
    """Draws stretches of one film on whichever worker is free."""

    def __init__(
        self, crew: WorkerCrew, job: Job, engine: Engine, folder: Path, halt: Halt
    ) -> None:
        self._crew, self._job = crew, job
        self._folder, self._halt = folder, halt
        self._engine = drawn_by(engine, job.options.style)

    def __call__(self, stretch: Stretch, expected: list[int], ear: Ear) -> Outcome:
        """Draw a stretch; a worker that is lost costs what it had not closed."""
        relay = Relay(self._folder, ear, stretch, expected)
        for _ in range(TRIES):
            try:
                with self._crew.borrowed(self._job, self._halt) as worker:
                    self._follow(worker, relay)
                    return relay.outcome()
            except WorkerLostError:
                relay.begin_again()
        raise EngineError(
            "E510",
            f"{TRIES} workers were lost over lap {stretch.first} of {self._job.film.path.name}",
            f"look for memory and logs on those machines, then {AGAIN}",
        )

    def _follow(self, worker: Handle, relay: Relay) -> None:
        """Hand on what a worker tells until it has ended."""
        task = self._crew.next_task(self._job, relay.stretch, relay.expected)
        messages = worker.draw(task)
        try:
            for message in messages:
                self._check(message, worker)
                relay.take(message)
                if self._crew.halt.is_set or self._halt.is_set:
                    worker.stop(task.number, is_left=self._crew.halt.is_left)
        except WorkerLostError:
            raise
        except BaseException:
            with suppress(WorkerLostError):  # found out by whoever borrows it next
                worker.stop(task.number, is_left=False)
                deque(messages, maxlen=0)  # else it would still be at it when lent again
            raise

    def _check(self, message: Message, worker: Handle) -> None:
        """Refuse a worker that draws otherwise than the first: the film would change."""
        if not isinstance(message, Opened):
            return
        found = drawn_by(message, self._job.options.style)
        if found != self._engine:
            name = next(key for key in found if found[key] != self._engine.get(key))
            raise EngineError(
                "E509",
                f"the worker on {worker.host} draws with another {name}"
                f" ({found[name]}, not {self._engine.get(name)})",
                "the same version of livecartoon and of its styles on every machine",
            )


def deliver(worker: Handle, parcel: Parcel) -> None:
    """Send a file to a worker that does not have it; InputError E301 if it cannot be read."""
    if worker.has(parcel):
        return
    for number, content in enumerate(_chunks(parcel.path)):
        worker.take(parcel, content, is_first=not number, is_last=not content)
    assert worker.has(parcel)


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, empty ones at its end."""
    with _reading(path), path.open("rb") as file:
        yield from iter(partial(file.read, CHUNK), b"")
        yield b""


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"{path} cannot be read ({error.strerror})"
        raise InputError("E301", text, "check the path") from error


def job_of(plan: Plan, options: EngineOptions) -> Job:
    """Return what workers have to know of a film; InputError E301 if it cannot be read."""
    style = Path(options.style)
    is_file = style.suffix == ".safetensors" or len(style.parts) > 1
    with _reading(plan.report.input):
        film = Parcel.of(plan.report.input)
    return Job(
        film,
        Parcel.of(style) if is_file and style.is_file() else None,
        plan.target.name,
        options,
        plan.settings,
    )
