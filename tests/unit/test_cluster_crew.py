"""Workers of a cluster that are lost, busy or far, and the films that wait for them."""

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from livecartoon.config import EngineOptions
from livecartoon.errors import EngineError, InputError
from livecartoon.jobs.cluster.crew import WorkerCrew, WorkerLostError, deliver
from livecartoon.jobs.cluster.forecast import measured
from livecartoon.jobs.cluster.library import Library, Overall
from livecartoon.jobs.cluster.messages import Ended, Failed, Job, Message, Opened, Parcel, Task
from livecartoon.jobs.cluster.worker import Worker
from livecartoon.jobs.convert import Batch
from livecartoon.jobs.hooks import Hooks, Progress
from livecartoon.jobs.lapwork import CancelledError, Halt, Outcome
from livecartoon.jobs.report import FileReport
from livecartoon.jobs.settings import ConvertSettings

OPTIONS = EngineOptions(style="classic", device="cpu")
OUTCOME = Outcome(8, 8, {}, (), None, 0, lambda count: None)


class Toy:
    """A worker that has every file and draws at once; is lost at the calls named."""

    def __init__(self, *lost_at: str) -> None:
        self.host = "here"
        self.forgotten: list[Parcel] = []
        self._lost_at = lost_at

    def _reach(self, call: str) -> None:
        if call in self._lost_at:
            raise WorkerLostError("somebody pulled the plug")

    def has(self, parcel: Parcel) -> bool:
        self._reach("has")
        return True

    def take(self, parcel: Parcel, content: bytes, *, is_first: bool, is_last: bool) -> None:
        self._reach("take")

    def open(self, job: Job) -> Opened | Failed:
        self._reach("open")
        return Opened(None)

    def draw(self, task: Task) -> Iterator[Message]:
        self._reach("draw")
        yield Ended(OUTCOME, 2.0)

    def stop(self, number: int, *, is_left: bool) -> None:
        self._reach("stop")

    def forget(self, parcel: Parcel) -> None:
        self.forgotten.append(parcel)


def crew_of(*workers: Toy, hire: Callable[[], Toy | None] = lambda: None) -> WorkerCrew:
    return WorkerCrew(list(workers), hire, lambda code, text: None)


def job(name: str = "a") -> Job:
    return Job(Parcel(Path(name), name), None, f"{name}.mkv", OPTIONS, ConvertSettings())


class Here(Worker):
    """A worker of this process."""

    host = "here"


@pytest.fixture
def worker() -> Iterator[Here]:
    made = Here(f"test-{threading.get_native_id()}-unit", threads=1)
    yield made
    made.close()


def far(path: Path) -> Parcel:
    """Describe a file that the worker does not find where the driver has it."""
    return replace(Parcel.of(path), key="of-the-driver")


@pytest.mark.parametrize("call", ["has", "open", "draw"])
def test_rates_when_a_worker_is_lost_then_says_so_at_once(call: str) -> None:
    started_s = time.monotonic()
    with pytest.raises(EngineError, match="a worker was lost") as caught:
        measured(crew_of(Toy(), Toy(call), Toy()), job())
    assert (caught.value.code, caught.value.remedies) == ("E510", ("run the same command again",))
    assert time.monotonic() - started_s < 10


def test_rates_when_a_worker_cannot_open_the_engine_then_its_own_error_comes_out() -> None:
    class Unable(Toy):
        def open(self, job: Job) -> Opened | Failed:
            return Failed(EngineError("E504", "no such engine"))

    with pytest.raises(EngineError, match="no such engine"):
        measured(crew_of(Toy(), Unable(), Toy()), job())


def test_rates_when_nobody_is_lost_then_are_those_of_all() -> None:
    assert measured(crew_of(Toy(), Toy(), Toy()), job()) == [4.0] * 3


def test_file_when_it_cannot_be_read_then_names_it(tmp_path: Path, worker: Here) -> None:
    (tmp_path / "a.mp4").write_bytes(b"film")
    parcel = far(tmp_path / "a.mp4")
    parcel.path.unlink()
    with pytest.raises(InputError, match=r"a\.mp4 cannot be read") as caught:
        deliver(worker, parcel)
    assert caught.value.code == "E301"


@pytest.mark.parametrize("content", [b"the whole film", b""])
def test_file_when_a_sending_broke_off_then_the_next_one_starts_afresh(
    tmp_path: Path, worker: Here, content: bytes
) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    parcel = far(tmp_path / "a.mp4")
    worker.take(parcel, b"the who", is_first=True, is_last=False)
    deliver(worker, parcel)
    assert worker._places[parcel.key].read_bytes() == content


def test_worker_when_told_to_forget_then_drops_what_broke_off(tmp_path: Path, worker: Here) -> None:
    parcel = Parcel(tmp_path / "a.mp4", "of-the-driver")
    worker.take(parcel, b"the who", is_first=True, is_last=False)
    worker.forget(parcel)
    assert not [path for path in worker._shared.rglob("*") if path.is_file()]


def test_worker_when_the_drivers_path_is_not_to_be_read_then_has_it_not(worker: Here) -> None:
    parcel = Parcel(Path("/") / ("x" * 300) / "a.mp4", "key")  # too long: asking is an OSError
    assert not worker.has(parcel)


def test_lost_worker_when_none_can_be_hired_then_nobody_waits_for_it() -> None:
    told: list[str] = []

    def hire() -> None:
        raise EngineError("E509", "no room", "make some")

    crew = WorkerCrew([Toy("has")], hire, lambda code, text: told.append(f"{code} {text}"))
    with pytest.raises(WorkerLostError), crew.borrowed(job(), Halt()):
        pass
    assert crew.size == 0
    assert told[1:] == ["W510 no worker takes its place: no room"]
    with pytest.raises(EngineError, match="no worker"), crew.borrowed(job(), Halt()):
        pass


@pytest.mark.parametrize("is_all", [True, False])
def test_worker_when_all_is_to_end_then_is_not_lent(is_all: bool) -> None:
    crew, halt = crew_of(Toy()), Halt()
    (crew.halt if is_all else halt).stop()
    with pytest.raises(CancelledError), crew.borrowed(job(), halt):
        pass
    assert crew.spare == 1


def test_busy_worker_when_a_film_is_done_then_forgets_it_when_lent_next() -> None:
    busy, idle = Toy(), Toy()
    crew = crew_of(busy, idle)
    with crew.borrowed(job("a"), Halt()), crew.borrowed(job("a"), Halt()):
        pass
    film = job("a").film
    with crew.borrowed(job("b"), Halt()) as lent:
        crew.forget(film)
        other = busy if lent is idle else idle
        assert (lent.forgotten, other.forgotten) == ([], [film])  # type: ignore[attr-defined]
    with crew.borrowed(job("b"), Halt()), crew.borrowed(job("b"), Halt()):
        assert (busy.forgotten, idle.forgotten) == ([film], [film])


class Films(Batch):
    """Films that are not drawn: `act` says what becomes of each."""

    def __init__(self, folder: Path, count: int, act: Callable[[int, Hooks], None]) -> None:
        paths = [folder / f"{n}.mp4" for n in range(count)]
        super().__init__(paths, folder / "out-{stem}.mkv", OPTIONS, ConvertSettings())
        self.begun: list[int] = []
        self._act = act

    def convert(self, number: int, hooks: Hooks) -> FileReport:
        self.begun.append(number)
        self._act(number, hooks)
        return FileReport(self.inputs[number], self.targets[number], "done")


def test_library_when_films_do_not_begin_then_opens_one_more_than_can_be_drawn(
    tmp_path: Path,
) -> None:
    opened: list[int] = []

    def plan(number: int, hooks: Hooks) -> None:
        time.sleep(0.2)
        opened.append(len(batch.begun) - len(opened))

    batch = Films(tmp_path, 8, plan)
    assert len(Library(batch, crew_of(Toy())).convert()) == 8
    assert max(opened) == 2


def test_library_when_it_fails_fast_then_begins_none_but_those_already_open(
    tmp_path: Path,
) -> None:
    def fail(number: int, hooks: Hooks) -> None:
        if number == 0:
            raise InputError("E302", "no film", "another")
        time.sleep(0.3)

    batch = Films(tmp_path, 8, fail)
    reports = Library(batch, crew_of(Toy()), fail_fast=True).convert()
    assert len(reports) == len(batch.begun) <= 2


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """A process that was started in the background inherits deaf ears for Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_library_when_interrupted_then_begins_none_but_those_already_open(tmp_path: Path) -> None:
    def interrupt(number: int, hooks: Hooks) -> None:
        time.sleep(0.2)
        if number == 2:  # by now threads are idle and take films as soon as they are offered
            _thread.interrupt_main()
            time.sleep(0.3)  # while the main thread is on its way

    batch, crew = Films(tmp_path, 8, interrupt), crew_of(Toy())
    with pytest.raises(KeyboardInterrupt):
        Library(batch, crew).convert()
    assert crew.halt.is_left
    assert len(batch.begun) <= 4  # two done, two open


def test_hooks_when_films_run_side_by_side_then_are_called_one_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def hook(*_: object) -> None:
        inside.append(0)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()

    def tell(number: int, hooks: Hooks) -> None:
        assert hooks.on_progress is not None
        assert hooks.on_warning is not None
        for frame in range(50):
            if number:
                hooks.on_progress(Progress(frame, 50, 1.0))
            else:
                hooks.on_warning("W510", "lost")

    library = Library(
        Films(tmp_path, 2, tell), crew_of(Toy()), on_progress=hook, on_warning=hook, on_done=hook
    )
    library.convert()
    assert max(most) == 1


def test_progress_of_all_when_films_have_no_frames_then_goes_by_the_others(tmp_path: Path) -> None:
    paths = [tmp_path / str(n) for n in range(10)]
    for path in paths:
        path.write_bytes(bytes(100))
    told: list[Progress] = []
    overall = Overall(paths, told.append)
    overall.update(0, Progress(0, 500, 1.0))  # opened, and failed before its first frame
    for number in range(9):
        overall.finish(number)
    overall.update(9, Progress(1, 1000, 2.0))
    assert (told[-1].frame, told[-1].frames) == (1, 1000)
