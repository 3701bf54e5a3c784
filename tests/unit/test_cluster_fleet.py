"""What is asked of Ray when workers come and go; here a toy stands in for the cluster."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from livecartoon import __version__
from livecartoon.errors import EngineError
from livecartoon.jobs.cluster import fleet as fleet_module
from livecartoon.jobs.cluster.crew import WorkerLostError
from livecartoon.jobs.cluster.fleet import Fleet
from livecartoon.jobs.cluster.messages import Parcel
from livecartoon.jobs.cluster.worker import Hello


class ToyRayError(Exception):
    """As Ray's."""


class ToyTaskError(ToyRayError):
    """As Ray's."""


@dataclass
class Call:
    """A method of an actor: what it gives or raises."""

    answer: Any

    def remote(self, *_: object, **__: object) -> Any:
        return self.answer


class ToyRay:
    """One machine with room for anything; `answer` is what actors made from now on say."""

    exceptions = SimpleNamespace(
        RayError=ToyRayError, RayTaskError=ToyTaskError, RayActorError=ToyRayError
    )

    def __init__(self) -> None:
        self.hello: Any = Hello("here", 1, __version__)
        self.killed: list[object] = []
        self.is_alive = True

    def init(self, **_: object) -> None:
        """As Ray's."""

    shutdown = init

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 8}

    available_resources = cluster_resources

    def remote(self, _: type) -> Any:
        actor = SimpleNamespace(
            hello=Call(self.hello), has=Call(ToyRayError("gone")), close=Call(None)
        )
        return SimpleNamespace(options=lambda **_: Call(actor))

    def wait(self, calls: list[Any], **_: object) -> tuple[list[Any], list[Any]]:
        return calls, []

    def get(self, answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self, actor: object) -> None:
        self.killed.append(actor)
        if not self.is_alive:
            raise ToyRayError("nobody there")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> ToyRay:
    toy = ToyRay()
    monkeypatch.setattr(fleet_module, "_imported", lambda: toy)
    return toy


@pytest.fixture
def fleet(ray: ToyRay) -> Iterator[Fleet]:
    with Fleet("local", 2, 0.0, 1) as made:
        yield made
        ray.is_alive = True


@pytest.mark.parametrize("is_alive", [True, False])
def test_worker_when_lost_then_its_share_is_freed(
    ray: ToyRay, fleet: Fleet, is_alive: bool, tmp_path: Any
) -> None:
    ray.is_alive = is_alive
    with pytest.raises(WorkerLostError, match="gone"):
        fleet.workers[0].has(Parcel(tmp_path, "key"))
    assert ray.killed == [fleet.workers[0]._actor]


def test_worker_when_it_cannot_be_hired_then_its_share_is_freed(ray: ToyRay, fleet: Fleet) -> None:
    ray.hello = Hello("there", 2, "0.0")
    with pytest.raises(EngineError, match=r"there has livecartoon 0\.0"):
        fleet.hire()
    assert len(ray.killed) == 1
    assert len(fleet.workers) == 2


class Watched:
    """A lost worker; whoever first asks whether it is meanwhile has another one hired."""

    def __init__(self, fleet: Fleet) -> None:
        self.hiring = threading.Thread(target=fleet.hire)

    @property
    def is_lost(self) -> bool:
        if self.hiring.ident is None:
            self.hiring.start()
            self.hiring.join(0.3)
        return True


def test_workers_when_hired_side_by_side_then_are_all_kept(ray: ToyRay, fleet: Fleet) -> None:
    lost = Watched(fleet)
    fleet.workers = [lost]  # type: ignore[list-item]
    hired = fleet.hire()
    lost.hiring.join()
    assert len(fleet.workers) == 2
    assert hired in fleet.workers
