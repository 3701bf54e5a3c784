"""The threads of one live run, and the loop that shows their work."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.live.cameras import open_camera
from livecartoon.jobs.live.desk import Desk
from livecartoon.jobs.live.ending import Signals, start_thread
from livecartoon.jobs.live.engines import Workshop
from livecartoon.jobs.live.figures import Figures
from livecartoon.jobs.live.gauge import Gauge
from livecartoon.jobs.live.helm import Helm, Moment
from livecartoon.jobs.live.hud import HudState, figures_line
from livecartoon.jobs.live.meters import RateMeter
from livecartoon.jobs.live.openers import first_sinks, sink_openers
from livecartoon.jobs.live.rack import SinkRack
from livecartoon.jobs.live.settings import EndReason, LiveReport, LiveSettings, LiveStatus
from livecartoon.jobs.live.stage import Stage, snapshot_folder
from livecartoon.jobs.live.steering import Steering
from livecartoon.jobs.live.styling import StyleKey, StyleShelf
from livecartoon.jobs.live.terminal import TerminalKeys
from livecartoon.jobs.live.work import Controls, Picture
from livecartoon.jobs.live.worker import Worker
from livecartoon.sinks.presenter import Presenter
from livecartoon.slot import Slot, SlotClosed

log = logging.getLogger(__name__)
POLL_S = 0.02
JOIN_S = 0.8
FLOOD = 1.2
"""Times the rate asked for: more than that is not worth drawing."""
LEVEL_NOTE_S = 1.0


class LiveRun:
    """The threads of one live run and the loop that shows their work."""

    def __init__(
        self,
        settings: LiveSettings,
        engine: EngineOptions,
        presenter: Presenter,
        terminal: TerminalKeys,
        workshop: Workshop,
        styles: Sequence[str],
    ) -> None:
        self._settings = settings
        self._presenter = presenter
        self._terminal = terminal
        self._workshop = workshop
        self._desk = Desk(
            tuple(styles),
            engine.style,
            engine.look,
            engine.temporal,
            settings.hud,
            is_mirrored=bool(settings.mirror),
            is_fullscreen=settings.fullscreen,
            is_governed=settings.governor,
        )
        self._captured: Slot[Frame] = Slot()
        self._pictures: Slot[Picture] = Slot()
        self._arrivals = RateMeter()
        self._stopping = threading.Event()
        self._wished = StyleKey.of(engine.style, engine.look)
        self._loss = ""
        self._warnings: list[str] = []
        self._start_s = time.monotonic()

    def run(
        self,
        signals: Signals,
        on_status: Callable[[LiveStatus], None],
        on_line: Callable[[str], None],
    ) -> LiveReport:
        """Start the threads, show pictures until the end, stop the threads, report."""
        self._on_line = on_line
        with ExitStack() as ending:  # undone in reverse: camera, worker, sinks, styles
            self._camera = open_camera(self._settings, self._note_loss)
            if self._settings.mirror is None:  # people expect a mirror of themselves only
                self._desk.is_mirrored = self._camera.is_physical
            capture = start_thread("capture", self._capture)
            ending.callback(self._end_capture, capture)
            info = self._camera.source.info
            self._shelf = StyleShelf(
                self._workshop.make, info.width, info.height, self._workshop.is_ready
            )
            ending.callback(self._end_shelf)
            self._shelf.wish(self._wished)
            self._open_sinks(ending)
            self._worker = self._make_worker()
            self._worker_thread = start_thread("worker", self._worker.run)
            ending.callback(self._end_worker)
            self._figures = self._make_figures()
            self._stage = Stage(self._presenter, self._desk, self._hud, self._dropped, on_status)
            ending.callback(self._stage.finish)
            self._helm = self._make_helm()
            ending.callback(self._helm.close)
            ending.callback(self._stop_camera)
            reason = self._loop(signals)
        self._rack.check(is_alone=False)
        return self._figures.report(reason, self._stage)

    def _open_sinks(self, ending: ExitStack) -> None:
        """Start a thread for each sink asked for; one that cannot begin fails here."""
        self._rack = SinkRack(
            sink_openers(self._settings, self._camera.source.info, self._camera.asked_rate)
        )
        ending.callback(self._rack.finish)
        for kind in first_sinks(self._settings):
            self._rack.start(kind)

    def _make_worker(self) -> Worker:
        return Worker(
            self._captured,
            self._pictures,
            lambda: self._rack.inboxes,
            self._shelf,
            static_skip=self._settings.static_skip,
            limit=self._settings.frames,
        )

    def _make_figures(self) -> Figures:
        target = self._settings.target_fps or self._camera.asked_rate
        return Figures(
            self._settings,
            self._camera,
            self._desk,
            self._rack,
            self._worker,
            Steering(float(target), self._settings.max_latency_ms),
            self._arrivals,
            self._dropped,
            self._warnings,
            self._start_s,
        )

    def _make_helm(self) -> Helm:
        info, counts = self._camera.source.info, self._worker.counts
        return Helm(
            self._figures.steering,
            Gauge(counts.work, self._stage.fresh_latency, counts.fixed),
            self._shelf,
            self._workshop.find,
            self._workshop.builder,
            (info.width, info.height),
            self._worker.stay,
        )

    def _hud(self, now_s: float) -> HudState:
        self._figures.loss = self._loss
        return self._figures.hud(now_s, self._stage)

    def _dropped(self) -> int:
        return self._captured.dropped + self._pictures.dropped

    def _capture(self) -> None:
        """Drain the camera; runs in its own thread and does nothing else."""
        with self._captured, self._camera.source:
            for frame in self._camera.source:
                if self._stopping.is_set() or not self._captured.put(frame):
                    return
                self._arrivals.tick(time.monotonic())

    def _loop(self, signals: Signals) -> EndReason:
        while True:
            try:
                picture = self._pictures.get(POLL_S)
            except SlotClosed:
                return "frames" if self._worker.is_limit_reached else "source-ended"
            self._stage.show(picture)
            for key in (*self._presenter.pressed(), *self._terminal.pressed()):
                self._desk.press(key)
                self._stage.refresh()
            self._follow_desk()
            self._steer(time.monotonic())
            self._check_parts()
            if reason := signals.reason or self._end_reason():
                return reason

    def _follow_desk(self) -> None:
        """Pass what the keys changed on to the worker and the shelf."""
        desk = self._desk
        self._worker.controls = Controls(
            desk.look,
            desk.temporal,
            desk.is_frozen,
            self._rack.active("record") is not None,
            self._most_fps(),
        )
        steering = self._figures.steering
        steering.is_on = desk.is_governed
        if not self._wished.can_draw(desk.style, desk.look):
            self._wish(StyleKey.of(desk.style, desk.look, steering.rung))
        if desk.wants_snapshot:
            desk.wants_snapshot = False
            self._stage.snapshot(snapshot_folder(self._settings.snapshot_dir))
        while desk.toggled:
            self._stage.say(self._rack.toggle(desk.toggled.pop(0)))
        if desk.wants_figures:
            desk.wants_figures = False
            self._on_line(figures_line(self._hud(time.monotonic())))

    def _wish(self, key: StyleKey) -> None:
        self._wished = key
        self._shelf.wish(key)

    def _most_fps(self) -> float | None:
        """Rate beyond which frames are left out; None while all of them are wanted."""
        steering = self._figures.steering
        is_flooded = self._arrivals.recent(time.monotonic()) > FLOOD * steering.target_fps
        if self._settings.target_fps or steering.is_too_slow or is_flooded:
            return steering.most_fps
        return None

    def _steer(self, now_s: float) -> None:
        """Let the governor see how the run goes, and follow it."""
        counts = self._arrivals.count, self._dropped()
        is_on_trial = bool(getattr(self._worker.temporal, "is_on_trial", False))
        rung = self._figures.steering.rung
        beside = tuple(StyleKey.of(name, self._desk.look, rung) for name in self._desk.neighbours)
        seen = Moment(now_s, self._wished, self._worker.on_stage, *counts, is_on_trial, beside)
        if text := self._helm.follow(seen):
            self._stage.say(text, LEVEL_NOTE_S)
            if self._figures.steering.is_too_slow:
                self._figures.too_slow = text
                log.warning("%s", text)
        if (key := self._helm.next_wish(self._wished)) is not None:
            self._wish(key)

    def _check_parts(self) -> None:
        """Hear of styles that cannot be prepared and of sinks that failed."""
        if failure := self._shelf.failure():
            key, error = failure
            if key != self._wished:
                self._helm.refuse(key)
                return
            if self._worker.on_stage is None:
                raise error
            log.warning("style %s is not available: %s", key.style, error)
            self._stage.say(error.message)
            self._wished = self._worker.on_stage
            self._desk.style, self._desk.look = self._wished.style, self._wished.look
        self._rack.check(is_alone=not self._settings.show)
        if text := self._figures.low_rate(time.monotonic()):
            self._warnings.append(text)
            log.warning("%s", text)
        note = getattr(self._worker.temporal, "note", None)
        if note and not any(told.startswith(note.partition(":")[0]) for told in self._warnings):
            self._warnings.append(note)
            self._stage.say(note)

    def _end_reason(self) -> EndReason | None:
        if self._desk.wants_quit:
            return "quit"
        if self._presenter.is_closed:
            return "window-closed"
        limit_s, first_s = self._settings.duration_s, self._stage.first_styled_s
        if limit_s is not None and first_s is not None and time.monotonic() - first_s >= limit_s:
            return "duration"
        return None

    def _note_loss(self, reason: str) -> None:
        self._loss = reason

    def _end_worker(self) -> None:
        self._captured.close()
        self._worker.hurry()
        self._worker_thread.join(JOIN_S)

    def _end_shelf(self) -> None:
        """Release the engines, unless the worker is still inside one: then the process must."""
        worker = getattr(self, "_worker_thread", None)
        if worker is None or not worker.is_alive():
            self._shelf.close()

    def _stop_camera(self) -> None:
        """Let the camera's thread release it, before any file takes its time to end."""
        self._stopping.set()
        self._camera.stop()

    def _end_capture(self, thread: threading.Thread) -> None:
        self._stop_camera()
        thread.join(JOIN_S)
