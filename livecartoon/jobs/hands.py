"""Who draws the laps of a film: one engine, or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

from livecartoon.config import EngineOptions
from livecartoon.jobs.crew import Crew
from livecartoon.jobs.hooks import Hooks
from livecartoon.jobs.laps import Hand, LapRunner, laps_shown
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
        on_start: Callable[[object], None],
    ) -> None:
        """`on_start` gets the engine just before the first frame."""
        self._plan, self._workspace, self._hooks = plan, workspace, hooks
        self._on_start = on_start

    def draw(self, runner: LapRunner) -> None:
        """Do it; the pieces land in the workspace."""
        plan, journal = self._plan, self._workspace.journal
        options = pinned(plan.options, journal.engine if journal.is_worth_keeping else None)
        crew = self._hooks.crew
        jobs = plan.settings.jobs if crew is None else crew.size
        times = packet_times(plan.report.input) if jobs > 1 else None
        if jobs > 1 and times is None:
            plan.warn("W310", "its time stamps do not allow pieces side by side: --jobs 1")
        laps = laps_shown(plan.reading, times, plan.settings.fps) if times else None
        if crew is not None:
            self._draw_with(crew, runner, options, laps)
            return
        work = LapWork(plan, self._workspace.folder, runner.halt)
        if laps is None:
            with self._hooks.make_stylize(plan.reading.info, options) as stylize:
                self._begin(stylize, options)
                runner.run_serially(partial(work, stylize))
                plan.report.temporal = temporal_fields(stylize)
            return
        with self._hooks.make_own(plan.reading.info, options) as stylize:
            self._begin(stylize, options)  # built or loaded once; the workers find it cached
        options = pinned(options, journal.engine)

        @contextmanager
        def borrow() -> Iterator[Hand]:
            with self._hooks.make_own(plan.reading.info, options) as stylize:
                yield partial(work, stylize)

        runner.run_side_by_side(borrow, min(jobs, len(laps)), laps)

    def _draw_with(
        self, crew: Crew, runner: LapRunner, options: EngineOptions, laps: Sequence[int] | None
    ) -> None:
        """Let workers elsewhere draw, each lap on one that is free."""
        engine = crew.open(self._plan, options)
        self._begin(engine, options)
        options = pinned(options, self._workspace.journal.engine)
        hand = crew.hand(self._plan, options, engine, self._workspace.folder, runner.halt)
        if laps is None:
            runner.run_serially(hand)
        else:
            runner.run_side_by_side(
                lambda: nullcontext(hand), max(1, min(crew.size, len(laps))), laps
            )

    def _begin(self, engine: object, options: EngineOptions) -> None:
        self._on_start(engine)
        self._workspace.journal.note_engine(drawn_by(engine, options.style))
