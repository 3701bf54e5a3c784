"""One file on its way: plan, run, verify, name."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from livecartoon.config import EngineOptions
from livecartoon.errors import InputError, LivecartoonError, PartialError, UsageError
from livecartoon.jobs.compare import compared
from livecartoon.jobs.hands import Hands
from livecartoon.jobs.hooks import Hooks, Progress
from livecartoon.jobs.joining import disk_full, join
from livecartoon.jobs.journal import input_identity
from livecartoon.jobs.laps import LapRunner, Tally
from livecartoon.jobs.lapwork import spent_since
from livecartoon.jobs.naming import partial_name
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.reading import file_of, problem_of
from livecartoon.jobs.report import (
    FileReport,
    engine_fields,
    planned_engine,
    slowest_stage,
    temporal_fields,
)
from livecartoon.jobs.settings import ConvertSettings
from livecartoon.jobs.verify import verify_animation
from livecartoon.jobs.workspace import Workspace
from livecartoon.pipeline import run
from livecartoon.sinks.animation import AnimationSink, is_animation
from livecartoon.sinks.base import Sink
from livecartoon.sinks.laps import Segment


class Conversion:
    """One file on its way; fills `report`."""

    def __init__(
        self,
        report: FileReport,
        target: Path,
        options: EngineOptions,
        settings: ConvertSettings,
        hooks: Hooks,
    ) -> None:
        self.report = report
        self.target = target
        self.options = options
        self.settings = settings
        self.hooks = hooks
        self._saved = 0

    def convert(self, stdout: IO[bytes] | None = None) -> None:
        """Do it all; raises where nothing comes of it.

        With `stdout` the film goes there as it is made; `target` only names its container.
        """
        self.plan = Plan(self.report, self.target, self.options, self.settings, self._warn)
        with ExitStack() as stack:
            stack.callback(self.plan.close)
            self.plan.settle()
            if self.settings.dry_run:
                self._foretell()
                return
            if stdout is not None:
                self._stream(stdout)
                return
            self.plan.check_space()
            workspace = stack.enter_context(Workspace(self.target))
            if is_animation(self.target):
                self._refuse_crew()
                self._animate(workspace)
            else:
                self._convert_in_laps(workspace)

    def _refuse_crew(self) -> None:
        if self.hooks.crew is not None:
            raise UsageError(
                "E202",
                f"--cluster makes films; {self.target.suffix} is drawn in one piece",
                "leave --cluster away",
            )

    def _foretell(self) -> None:
        """Fill the report of a job that is not to be done."""
        report, info = self.report, self.plan.reading.info
        report.status = "planned"
        report.engine = planned_engine(self.options, info.width, info.height)
        report.infer_size = tuple(report.engine.pop("infer_size"))
        report.bytes_out = self.plan.estimate

    def _stream(self, stdout: IO[bytes]) -> None:
        """Write the film to a pipe as it is made."""
        sink = self.plan.open_sink(stdout)
        problem = self._straight(sink)
        self.report.status = "done"
        self.report.output = None
        self._end_with(problem)

    def _animate(self, workspace: Workspace) -> None:
        sink = AnimationSink(workspace.part, self.plan.info, self.plan.reading.shift_s)
        problem = self._straight(sink)
        verify_animation(workspace.part, self.report.frames_out)
        self._name(workspace, problem)

    def _straight(self, sink: Sink) -> LivecartoonError | None:
        """Run from start to end in one go; return what was wrong with the source."""
        reading, compare = self.plan.reading, self.settings.compare
        with sink, self.hooks.make_stylize(reading.info, self.options) as stylize:
            self._start(stylize)
            before = dict(getattr(stylize, "stage_s", {}))
            with reading.open() as source:
                done = run(
                    source,
                    lambda frame: compared(frame, stylize(frame), compare),
                    sink,
                    on_frame=lambda seen: self._tell(seen.frames, slowest_stage(seen.busy_s, {})),
                )
                told = list(file_of(source).warnings())
                tally = Tally(done.frames, done.frames, dict(done.busy_s), told)
                tally.add(spent_since(getattr(stylize, "stage_s", {}), before))
                problem = problem_of(source, file_of(source).frames, is_whole=reading.is_whole)
                self.report.frames_repeated = file_of(source).repeated
                self.report.temporal = temporal_fields(stylize)
        self._measure(tally, done.frames)
        if not done.frames:
            raise problem or _empty_part()
        return problem

    def _convert_in_laps(self, workspace: Workspace) -> None:
        journal = workspace.journal
        self._input = input_identity(self.report.input)
        if self.settings.resume:
            journal.open(self._identity())
        else:
            journal.clear()
        self.report.resumed_from_frame = journal.frames
        self.workspace = workspace
        self._repeated = dict(journal.repeated)
        is_whole = self.plan.reading.is_whole
        runner = LapRunner(journal.segments, self._keep, self._tell, is_whole=is_whole)
        Hands(self.plan, workspace, self.hooks, self._start).draw(runner)
        self._measure(runner.tally, sum(len(piece.pts) for piece in runner.pieces()))
        self.report.frames_repeated = sum(self._repeated.values())
        self._join(workspace, runner.pieces(), runner.shortfall())

    def _identity(self) -> dict[str, Any]:
        from livecartoon import __version__

        engine = asdict(self.options)
        engine.pop("threads")
        return {
            "version": __version__,
            **engine.pop("look"),
            **engine,
            **self.settings.identity(),
            **self._input,
        }

    def _keep(self, piece: Segment, repeated: int, is_sound: bool) -> None:
        """Note a closed piece, if it is whole, and look whether the disk holds out."""
        self._repeated[piece.key] = repeated
        if not is_sound or not self.settings.resume:
            return
        journal = self.workspace.journal
        journal.add(piece, repeated)
        saved = self._saved = journal.bytes
        free = shutil.disk_usage(self.workspace.folder).free
        if free < saved:  # the film is joined beside its pieces
            raise disk_full(self.plan, journal, saved, free)

    def _join(
        self, workspace: Workspace, pieces: list[Segment], problem: LivecartoonError | None
    ) -> None:
        if not any(piece.pts for piece in pieces):
            raise problem or _empty_part()
        if input_identity(self.report.input) != self._input:
            raise InputError(
                "E306",
                f"{self.report.input.name} was changed while it was converted",
                "run the same command again when it is whole",
            )
        self.report.segments = sum(1 for piece in pieces if piece.pts)
        unkept = join(self.plan, workspace, pieces)
        self._name(workspace, problem or unkept)

    def _start(self, stylize: object) -> None:
        self.report.engine = engine_fields(stylize)
        made = getattr(stylize, "report", None)
        if made is not None:
            self.report.infer_size = tuple(made.infer_size)
            for text in getattr(made, "notes", ()):
                self._warn("W501", text)
        if self.hooks.on_start is not None:
            self.hooks.on_start(self.report)
        self._started_s = time.perf_counter()

    def _tell(self, count: int, stage: str) -> None:
        if self.hooks.on_progress is None:
            return
        seconds = time.perf_counter() - self._started_s
        info = self.plan.reading.info
        film_s = info.duration_s * count / info.frames if info.frames and info.duration_s else None
        frame = self.report.resumed_from_frame + count
        self.hooks.on_progress(Progress(frame, info.frames, seconds, self._saved, film_s, stage))

    def _measure(self, tally: Tally, frames: int) -> None:
        report = self.report
        seconds = time.perf_counter() - self._started_s
        report.frames_out = frames
        if self.plan.reading.is_whole:
            report.frames_in = max(report.frames_in, frames)
        report.measure(tally.frames, seconds)
        report.note_stages(tally.drawn, tally.busy_s)
        for text in tally.warnings:
            self._warn("W305", text)

    def _name(self, workspace: Workspace, problem: LivecartoonError | None) -> None:
        """Give the verified part the name it deserves."""
        report, final = self.report, self.target
        report.status = "done"
        if problem is not None:
            final = partial_name(self.target, overwrite=self.settings.overwrite)
        workspace.commit(final)
        report.output = final
        report.bytes_out = final.stat().st_size
        if problem is not None:
            self._warn("W308", f"what could be decoded was kept as {final}")
        self._end_with(problem)

    def _end_with(self, problem: LivecartoonError | None) -> None:
        report = self.report
        if problem is None and self.settings.on_error == "repeat" and report.frames_repeated:
            problem = PartialError(
                "E701",
                f"{report.input.name}: {report.frames_repeated} undecodable frames were repeated",
                "get a whole copy of the file",
            )
        if problem is not None:
            report.status, report.error = "partial", problem

    def _warn(self, code: str, text: str) -> None:
        self.report.warnings.append(text)
        if self.hooks.on_warning is not None:
            self.hooks.on_warning(code, text)


def _empty_part() -> UsageError:
    return UsageError("E203", "no frame lies in the part asked for", "another --ss, --to or -t")
