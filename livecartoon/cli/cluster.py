"""`livecartoon convert --cluster`: the films of one command over many workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from livecartoon.cli.flags import AnyCommand, flag
from livecartoon.cli.narrator import Narrator
from livecartoon.cli.session import Session
from livecartoon.cli.status import Status
from livecartoon.errors import UsageError

if TYPE_CHECKING:
    from livecartoon.config import EngineOptions
    from livecartoon.jobs.convert import Batch
    from livecartoon.jobs.hooks import Progress
    from livecartoon.jobs.report import FileReport
    from livecartoon.jobs.settings import ConvertSettings

CLUSTER_FLAGS: tuple[Callable[[Any], Any], ...] = (
    flag("--cluster", metavar="local|HOST:PORT", help="Draw on the workers of a Ray cluster."),
    flag(
        "--workers",
        type=click.IntRange(0, 1024),
        default=0,
        help="Of the cluster; 0 = as many as there is room for.",
    ),
    flag("--gpus-each", type=click.FloatRange(0, 1), help="Share of a card for a worker (0.5)."),
)


def cluster_flags(made: AnyCommand) -> AnyCommand:
    """Add the flags above."""
    for add in CLUSTER_FLAGS:
        made = add(made)
    return made


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """What was typed of the cluster."""

    address: str
    workers: int
    gpus_each: float | None


def cluster_choice(values: dict[str, Any], *, to_pipe: bool) -> ClusterChoice | None:
    """Take the flags out of `values`; None without --cluster."""
    address = values.pop("cluster")
    workers, gpus_each = values.pop("workers"), values.pop("gpus_each")
    if address is None:
        if workers or gpus_each is not None:
            raise UsageError(
                "E202", "--workers and --gpus-each are of a cluster", "--cluster local --workers 4"
            )
        return None
    if values["jobs"] > 1:
        raise UsageError("E202", "--jobs is for this process", f"--cluster {address} --workers 4")
    if to_pipe:
        raise UsageError("E202", "a pipe cannot take films in pieces", "give a file with -o")
    return ClusterChoice(address, workers, gpus_each)


def run_on_cluster(
    session: Session,
    status: Status,
    batch: Batch,
    choice: ClusterChoice,
    *,
    fail_fast: bool,
) -> list[FileReport]:
    """Convert the files, one line for each that is finished."""
    from livecartoon.jobs.cluster.forecast import forecast
    from livecartoon.jobs.cluster.library import Library, open_crew

    narrator = _AllAtOnce(session, status, batch)
    address = choice.address, choice.workers, choice.gpus_each
    with open_crew(*address, batch.options, session.warn) as crew:
        session.say(f"cluster: {crew.size} workers at {choice.address}")
        library = Library(
            batch,
            crew,
            fail_fast=fail_fast,
            on_progress=narrator.move,
            on_warning=session.warn,
            on_start=narrator.start,
            on_done=narrator.end,
        )
        try:
            reports = library.convert()
        except KeyboardInterrupt:
            narrator.on_interrupt(batch.targets)
            raise
        if batch.settings.dry_run:
            forecast(batch, reports, crew)
    return reports


def batch_of(
    paths: list[Path], output: Path | None, options: EngineOptions, settings: ConvertSettings
) -> Batch:
    """Return the films and their results."""
    from livecartoon.jobs.convert import Batch

    return Batch(paths, output, options, settings)


class _AllAtOnce(Narrator):
    """All films are drawn together: one bar for them."""

    def __init__(self, session: Session, status: Status, batch: Batch) -> None:
        super().__init__(session, status, len(batch.inputs))
        self._done = 0
        names = [path.name for path in batch.inputs]
        status.begin(names[0] if len(names) == 1 else f"{len(names)} films", 1, 1)

    def start(self, number: int, report: FileReport) -> None:
        self.on_start(report)

    def move(self, progress: Progress) -> None:
        self.on_progress(progress, f", {self._done}/{self.films} done" if self.films > 1 else "")

    def end(self, number: int, report: FileReport) -> None:
        self._done += 1
        self.on_done(report)
