"""Workers as actors of a Ray cluster: the only place that knows Ray."""

from __future__ import annotations

import logging
import os
import re
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from livecartoon.closing import Closing
from livecartoon.errors import EngineError, UsageError
from livecartoon.jobs.cluster.crew import WorkerLostError
from livecartoon.jobs.cluster.worker import Worker
from livecartoon.threads import usable_cores

if TYPE_CHECKING:
    from livecartoon.jobs.cluster.messages import Failed, Job, Message, Opened, Parcel, Task

T = TypeVar("T")
LOCAL = "local"
ADDRESS = re.compile(r"[\w.-]+:\d{1,5}")
REACH_S = 5.0
START_S = 120.0
"""Until all workers have said hello."""
HIRE_S = 30.0
"""Until one in place of a lost one has."""
QUEUED = 4
"""Messages of a stretch that a worker may be ahead of the driver."""
STORE = 512 << 20
"""Bytes of the local cluster's object store."""
GPUS_EACH = 0.5
"""Of a card: one worker decodes and encodes while the other draws."""
#: Ray calls nobody, and warns of nothing that is not ours.
SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
TOUCHED = (*SETTINGS, "RAY_AUTH_MODE")
"""Variables that change meanwhile: Ray itself asks for a token at the door of a local cluster."""


class Fleet(Closing):
    """Joins a cluster, or makes one of this machine, and keeps workers there; a context manager.

    `workers` = 0: as many as there are cores, or shares of cards.
    """

    def __init__(self, address: str, workers: int, gpus_each: float | None, threads: int) -> None:
        """UsageError for a bad address, EngineError E503 without Ray, E509 where it cannot be
        joined or has too little room.
        """
        if address != LOCAL and not ADDRESS.fullmatch(address):
            raise UsageError(
                "E201", f"cluster {address!r} is not local or HOST:PORT", "--cluster local"
            )
        self._token = secrets.token_hex(8)
        self._threads = threads or 1
        self._environment = dict(os.environ)
        self.workers: list[RayHandle] = []
        self._lock = threading.Lock()
        self._ray: Any = None
        self._level = logging.getLogger("ray").level
        os.environ.update(SETTINGS)
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            self._ray = _imported()
            self._join(address, workers)
            self._gpus_each = self._share(gpus_each)
            self.workers = self._start(self._count(workers))
        except BaseException:
            self.close()
            raise

    def _join(self, address: str, workers: int) -> None:
        told: dict[str, Any] = {
            "log_to_driver": False,
            "logging_level": "ERROR",
            "namespace": f"livecartoon-{self._token}",
        }
        if address == LOCAL:
            cores = max(usable_cores(), workers)
            told |= {
                "address": LOCAL,
                "num_cpus": cores,
                "include_dashboard": False,
                "object_store_memory": STORE,
            }
        else:
            _reach(address)
            told["address"] = address
        is_main = threading.current_thread() is threading.main_thread()
        handler = signal.getsignal(signal.SIGTERM)
        try:
            self._ray.init(**told)
        except (OSError, RuntimeError, ValueError) as error:
            raise _unusable(f"{address} cannot be joined ({_first_line(error)})") from error
        finally:
            if is_main:
                signal.signal(signal.SIGTERM, handler)  # Ray takes it, and ours saves the run

    def _share(self, asked: float | None) -> float:
        """Return how much of a card a worker gets; 0 where there is none or none is wanted."""
        if asked is not None:
            return asked
        return GPUS_EACH if self._ray.cluster_resources().get("GPU", 0) else 0.0

    def _count(self, asked: int) -> int:
        found = self._ray.available_resources()
        room = int(found.get("CPU", 0))
        if self._gpus_each:
            room = min(room, int(found.get("GPU", 0) / self._gpus_each + 1e-6))
        if not room or asked > room:
            raise _unusable(f"it has room for {room} workers, {max(asked, 1)} are wanted")
        return asked or room

    def _start(self, count: int) -> list[RayHandle]:
        begun = [self._begin() for _ in range(count)]
        hellos = [actor.hello.remote() for actor in begun]
        ready, _ = self._ray.wait(hellos, num_returns=count, timeout=START_S)
        if len(ready) < count:
            raise _unusable(f"{len(ready)} of {count} workers started within {START_S:.0f} s")
        return [self._handle(a, hello) for a, hello in zip(begun, hellos, strict=True)]

    def _begin(self) -> Any:  # noqa: ANN401  Ray's own
        made = self._ray.remote(Worker).options(
            num_cpus=1, num_gpus=self._gpus_each, max_concurrency=2, max_restarts=0
        )
        return made.remote(self._token, self._threads)

    def _handle(self, actor: Any, hello: Any) -> RayHandle:  # noqa: ANN401
        from livecartoon import __version__

        try:
            who = self._ray.get(hello)
        except self._ray.exceptions.RayError as error:
            raise _unusable(f"a worker does not start ({_first_line(error)})") from error
        if who.version != __version__:
            raise _unusable(f"{who.host} has livecartoon {who.version}, not {__version__}")
        return RayHandle(self._ray, actor, who.host, who.pid)

    def hire(self) -> RayHandle | None:
        """Return a worker in place of a lost one, None if there is no room within half a minute;
        EngineError E509 for one that does not start. Called from any thread.
        """
        actor = self._begin()
        handle = None
        try:
            hello = actor.hello.remote()
            ready, _ = self._ray.wait([hello], timeout=HIRE_S)
            if ready:
                handle = self._handle(actor, hello)
        finally:
            if handle is None:
                self._ray.kill(actor)
        with self._lock:
            self.workers = [worker for worker in self.workers if not worker.is_lost]
            if handle is not None:
                self.workers.append(handle)
        return handle

    def close(self) -> None:
        """Let the workers go; a local cluster ends."""
        ray, self._ray = self._ray, None
        try:
            with ExitStack() as ending:
                if ray is not None:
                    ending.callback(ray.shutdown)
                    for worker in self.workers:
                        ending.callback(worker.close)
        finally:
            self._restore()

    def _restore(self) -> None:
        logging.getLogger("ray").setLevel(self._level)
        for name in TOUCHED:
            os.environ.pop(name, None)
            if name in self._environment:
                os.environ[name] = self._environment[name]


class RayHandle:
    """One worker: its calls, blocking; WorkerLostError where it is gone."""

    def __init__(self, ray: Any, actor: Any, host: str, pid: int) -> None:  # noqa: ANN401
        self.host = host
        self.pid = pid
        """Of its process, on its machine."""
        self.is_lost = False
        self._ray, self._actor = ray, actor

    def has(self, parcel: Parcel) -> bool:
        """As the worker's."""
        return bool(self._get(self._actor.has.remote(parcel)))

    def take(self, parcel: Parcel, content: bytes, *, is_first: bool, is_last: bool) -> None:
        """As the worker's."""
        self._get(self._actor.take.remote(parcel, content, is_first=is_first, is_last=is_last))

    def open(self, job: Job) -> Opened | Failed:
        """As the worker's."""
        opened: Opened | Failed = self._get(self._actor.open.remote(job))
        return opened

    def draw(self, task: Task) -> Iterator[Message]:
        """As the worker's."""
        limits = {"_generator_backpressure_num_objects": QUEUED}
        messages = iter(self._actor.draw.options(**limits).remote(task))
        while True:
            try:
                reference = next(messages)
            except StopIteration:
                return
            except self._ray.exceptions.RayActorError as error:
                raise self._lost(error) from error
            yield self._get(reference)

    def stop(self, number: int, *, is_left: bool) -> None:
        """As the worker's."""
        self._get(self._actor.stop.remote(number, is_left=is_left))

    def forget(self, parcel: Parcel) -> None:
        """As the worker's."""
        self._get(self._actor.forget.remote(parcel))

    def close(self) -> None:
        """Let it go, with what it has on its disk."""
        with suppress(self._ray.exceptions.RayError):
            self._ray.wait([self._actor.close.remote()], timeout=REACH_S)
            self._ray.kill(self._actor)

    def _get(self, reference: Any) -> Any:  # noqa: ANN401
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError:
            raise  # a bug of ours: told as it is
        except errors.RayError as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> WorkerLostError:
        self.is_lost = True
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(self._actor)  # it may only be out of reach: its share is to be free
        return WorkerLostError(_first_line(error))


def _imported() -> Any:  # noqa: ANN401
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise EngineError(
            "E503",
            f"--cluster needs Ray, which is not importable ({error})",
            'pip install "livecartoon[cluster]"',
        ) from error
    return ray


def _reach(address: str) -> None:
    """Fail at once where nobody listens: Ray would try for a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=REACH_S).close()
    except (OSError, OverflowError) as error:
        raise _unusable(f"nobody answers at {address} ({_first_line(error)})") from error


def _unusable(problem: str) -> EngineError:
    return EngineError(
        "E509",
        f"the cluster cannot be used: {problem}",
        "ray start --head on one machine, ray start --address=HOST:6379 on this one and the others",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
