"""Who draws the laps of a film: one engine, or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from livecartoon.config import EngineOptions
from livecartoon.jobs.hooks import Hooks
from livecartoon.jobs.laps import Hand, LapRunner, laps_shown
from livecartoon.jobs.lapstyle import Stylize
from livecartoon.jobs.lapwork import LapWork
from livecartoon.jobs.pinning import drawn_by, pinned
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.report import temporal_fields
from livecartoon.jobs.workspace import Workspace
from livecartoon.sources.probe import packet_times


class Hands:
    """Draws what is missing of one film with as many workers as were asked for."""

    def __init__(
        self,
        plan: Plan,
        workspace: Workspace,
        hooks: Hooks,
        on_start: Callable[[Stylize], None],
    ) -> None:
        """`on_start` gets the engine just before the first frame."""
        self._plan, self._workspace, self._hooks = plan, workspace, hooks
        self._on_start = on_start

    def draw(self, runner: LapRunner) -> None:
        """Do it; the pieces land in the workspace."""
        plan, journal = self._plan, self._workspace.journal
        options = pinned(plan.options, journal.engine if journal.is_worth_keeping else None)
        work = LapWork(plan, self._workspace.folder, runner.halt)
        jobs = plan.settings.jobs
        times = packet_times(plan.report.input) if jobs > 1 else None
        if jobs > 1 and times is None:
            plan.warn("W310", "its time stamps do not allow pieces side by side: --jobs 1")
        if not times:
            with self._hooks.make_stylize(plan.reading.info, options) as stylize:
                self._begin(stylize, options)
                runner.run_serially(partial(work, stylize))
                plan.report.temporal = temporal_fields(stylize)
            return
        laps = laps_shown(plan.reading, times, plan.settings.fps)
        with self._hooks.make_own(plan.reading.info, options) as stylize:
            self._begin(stylize, options)  # built or loaded once; the workers find it cached
        options = pinned(options, journal.engine)

        @contextmanager
        def borrow() -> Iterator[Hand]:
            with self._hooks.make_own(plan.reading.info, options) as stylize:
                yield partial(work, stylize)

        runner.run_side_by_side(borrow, min(jobs, len(laps)), laps)

    def _begin(self, stylize: Stylize, options: EngineOptions) -> None:
        self._on_start(stylize)
        self._workspace.journal.note_engine(drawn_by(stylize, options.style))
