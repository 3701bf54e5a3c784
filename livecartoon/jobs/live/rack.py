"""All sinks of a live run but the window: they start with it, or come and go with keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from livecartoon.errors import DeviceError, LivecartoonError
from livecartoon.jobs.live.outlets import SinkRunner
from livecartoon.jobs.live.work import Picture
from livecartoon.sinks.base import Sink
from livecartoon.slot import Slot

log = logging.getLogger(__name__)
FINISH_S = {"record": 5.0}
"""A file is worth waiting for."""
USUAL_FINISH_S = 0.8
OpenSink = Callable[[bool], tuple[str, Sink]]
"""Opens a sink: (is it the first of the run) -> (its target as shown, the sink)."""


class SinkRack:
    """Starts, stops and watches the sinks; main thread only, `inboxes` is read by the worker."""

    def __init__(self, openers: Mapping[str, OpenSink]) -> None:
        self._openers = openers
        self._begun: set[str] = set()
        self.runners: list[SinkRunner] = []
        """Every sink of the run, those that have ended too."""
        self.inboxes: tuple[Slot[Picture], ...] = ()
        """Replaced as a whole."""

    def start(self, kind: str) -> str:
        """Open a sink of `kind` and feed it; return its target. Raises what opening raises."""
        target, sink = self._openers[kind](kind not in self._begun)
        self._begun.add(kind)
        self.runners.append(SinkRunner(sink, kind, target))
        self._refresh()
        return target

    def toggle(self, kind: str) -> str:
        """Stop the sink of `kind` if there is one, else start one; return what to tell."""
        if runner := self.active(kind):
            runner.end()
            self._refresh()
            return f"{kind} off"
        if kind not in self._openers:
            return f"no {kind} here"
        try:
            target = self.start(kind)
        except LivecartoonError as error:
            log.warning("no %s: %s; try: %s", kind, error, " | ".join(error.remedies))
            return " - ".join((error.message, *error.remedies[:1]))
        return f"{kind} on: {target}"

    def active(self, kind: str) -> SinkRunner | None:
        """Return the sink of `kind` that takes pictures now."""
        return next((r for r in self.runners if r.counts.kind == kind and r.is_active), None)

    @property
    def states(self) -> tuple[str, ...]:
        """Kind and state of each sink that runs or has failed, in words."""
        return tuple(r.state for r in self.runners if not r.is_ending)

    def check(self, *, is_alone: bool) -> None:
        """Raise what broke a sink's thread; DeviceError (E806) if the last one failed.

        `is_alone`: there is no window that could go on without them.
        """
        for runner in self.runners:
            runner.check()
        failures = [runner.error for runner in self.runners if runner.error is not None]
        if failures and is_alone and not any(runner.is_active for runner in self.runners):
            error = failures[-1]
            raise DeviceError("E806", f"the last sink failed: {error}", *error.remedies) from error

    def finish(self) -> None:
        """Stop all sinks at once, then give each the time it may need."""
        for runner in self.runners:
            runner.end()
        start_s = time.monotonic()
        for runner in self.runners:
            most_s = FINISH_S.get(runner.counts.kind, USUAL_FINISH_S)
            if not runner.finish(max(0.0, start_s + most_s - time.monotonic())):
                log.warning("the sink %s did not end in time", runner.counts.kind)

    def as_json(self) -> list[dict[str, Any]]:
        """Return what each sink did."""
        return [runner.as_json() for runner in self.runners]

    def _refresh(self) -> None:
        self.inboxes = tuple(runner.inbox for runner in self.runners if runner.is_active)
