"""How long a batch will take on a crew, from rates measured on the spot."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from fractions import Fraction

from livecartoon.errors import EngineError
from livecartoon.jobs.cluster.crew import AGAIN, WorkerCrew, WorkerLostError, job_of
from livecartoon.jobs.cluster.messages import Ended, Failed, Job
from livecartoon.jobs.convert import Batch
from livecartoon.jobs.lapwork import Halt
from livecartoon.jobs.planning import Plan
from livecartoon.jobs.reading import RUN_UP_FRAMES
from livecartoon.jobs.report import FileReport
from livecartoon.sinks.laps import Stretch
from livecartoon.sources.probe import packet_times

PROBE_S = Fraction(2)
"""Of the longest film, drawn by every worker at once."""
MEET_S = 120.0


def forecast(batch: Batch, reports: Sequence[FileReport], crew: WorkerCrew) -> None:
    """Put into the plans of a dry run when each film will be drawn; joining is not counted."""
    planned = [report for report in reports if report.status == "planned"]
    if not planned:
        return
    longest = max(planned, key=lambda report: report.duration)
    with closing(_plan(batch, longest, PROBE_S)) as plan:
        rates = measured(crew, job_of(plan, batch.options))
    unit = longest.size[0] * longest.size[1]
    costs = [lap_costs(batch, report, unit) for report in planned]
    for report, at_s in zip(planned, finished_s(costs, rates), strict=True):
        report.predicted_seconds = round(at_s, 1)


def _plan(batch: Batch, report: FileReport, length_s: Fraction | None = None) -> Plan:
    settings = batch.settings
    if length_s is not None:
        settings = replace(settings, to=None, duration=length_s)
    target = report.output or report.input
    found = FileReport(report.input, target)
    return Plan(found, target, batch.options, settings, lambda code, text: None)


def measured(crew: WorkerCrew, job: Job) -> list[float]:
    """Return the frames per second of each worker while all draw `job`; engines load first.

    EngineError E510 if one is lost or late, whatever a worker raised otherwise.
    """
    size = crew.size
    meeting = threading.Barrier(size)
    with ThreadPoolExecutor(size) as pool:
        rates = [pool.submit(_rate, crew, job, meeting) for _ in range(size)]
    errors = [error for rate in rates if (error := rate.exception()) is not None]
    if not errors:
        return [rate.result() for rate in rates]
    # All but the first that fails only hear that there is no meeting.
    error = min(errors, key=lambda each: isinstance(each, threading.BrokenBarrierError))
    if isinstance(error, threading.BrokenBarrierError):
        raise EngineError("E510", f"workers were not ready within {MEET_S:.0f} s", AGAIN) from error
    if isinstance(error, WorkerLostError):
        raise EngineError("E510", "a worker was lost while rates were measured", AGAIN) from error
    raise error


def _rate(crew: WorkerCrew, job: Job, meeting: threading.Barrier) -> float:
    try:
        with crew.borrowed(job, Halt()) as worker:
            if isinstance(found := worker.open(job), Failed):
                raise found.error
            meeting.wait(MEET_S)
            last = list(worker.draw(crew.next_task(job, Stretch(), [])))[-1]
    except BaseException:
        meeting.abort()  # the others would wait for this one
        raise
    if isinstance(last, Failed):
        raise last.error
    assert isinstance(last, Ended)
    return max(1, last.outcome.frames) / last.seconds


def lap_costs(batch: Batch, report: FileReport, unit: int) -> list[float]:
    """Return the frames of each lap with its run-up, as many as of pictures of `unit` pixels."""
    scale = report.size[0] * report.size[1] / unit
    with closing(_plan(batch, report)) as plan:
        laps, ends_s = plan.reading.laps, plan.reading.end_s
        times = packet_times(report.input)
        if times is None:
            return [scale * (report.frames_in or 1)]
        shown = (
            at_s for at_s in times if at_s >= laps.start_s and (ends_s is None or at_s < ends_s)
        )
        counts = Counter(laps.of(at_s) for at_s in shown)
    return [
        scale * (count + (RUN_UP_FRAMES if lap else 0)) for lap, count in sorted(counts.items())
    ]


def finished_s(costs: Sequence[Sequence[float]], rates: Sequence[float]) -> list[float]:
    """Return when each film is drawn if the laps go, in order, to whoever is free first."""
    free = [(0.0, worker) for worker in range(len(rates))]
    found = []
    for laps in costs:
        ends_s = 0.0
        for cost in laps:
            at_s, worker = heapq.heappop(free)
            at_s += cost / rates[worker]
            ends_s = max(ends_s, at_s)
            heapq.heappush(free, (at_s, worker))
        found.append(ends_s)
    return found
