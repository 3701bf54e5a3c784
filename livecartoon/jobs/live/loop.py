"""The threads of one live run, and the loop that shows their work."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from livecartoon.config import EngineOptions
from livecartoon.frame import Frame
from livecartoon.jobs.live.cameras import open_camera
from livecartoon.jobs.live.desk import Desk
from livecartoon.jobs.live.ending import Signals, start_thread
from livecartoon.jobs.live.hud import HudState, figures_line, silence_text, temporal_text
from livecartoon.jobs.live.meters import Growth, RateMeter
from livecartoon.jobs.live.openers import first_sinks, sink_openers
from livecartoon.jobs.live.rack import SinkRack
from livecartoon.jobs.live.settings import EndReason, LiveReport, LiveSettings, LiveStatus
from livecartoon.jobs.live.stage import Stage, snapshot_folder
from livecartoon.jobs.live.styling import MakeStylizer, StyleKey, StyleShelf
from livecartoon.jobs.live.terminal import TerminalKeys
from livecartoon.jobs.live.worker import Controls, Picture, Worker
from livecartoon.jobs.report import temporal_fields
from livecartoon.sinks.presenter import Presenter
from livecartoon.slot import Slot, SlotClosed

log = logging.getLogger(__name__)
POLL_S = 0.02
JOIN_S = 0.8
LOW_RATE = 0.8
RATE_CHECK_S = 3.0


class LiveRun:
    """The threads of one live run and the loop that shows their work."""

    def __init__(
        self,
        settings: LiveSettings,
        engine: EngineOptions,
        presenter: Presenter,
        terminal: TerminalKeys,
        make_stylizer: MakeStylizer,
        styles: Sequence[str],
    ) -> None:
        self._settings = settings
        self._presenter = presenter
        self._terminal = terminal
        self._make = make_stylizer
        self._desk = Desk(
            tuple(styles),
            engine.style,
            engine.look,
            engine.temporal,
            settings.hud,
            is_mirrored=bool(settings.mirror),
            is_fullscreen=settings.fullscreen,
        )
        self._captured: Slot[Frame] = Slot()
        self._pictures: Slot[Picture] = Slot()
        self._arrivals = RateMeter()
        self._growth = Growth()
        self._stopping = threading.Event()
        self._wished = StyleKey.of(engine.style, engine.look)
        self._loss = ""
        self._warnings: list[str] = []
        self._is_rate_told = False
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
            self._shelf = StyleShelf(self._make, info.width, info.height)
            ending.callback(self._end_shelf)
            self._shelf.wish(self._wished)
            self._open_sinks(ending)
            self._worker = self._make_worker()
            self._worker_thread = start_thread("worker", self._worker.run)
            ending.callback(self._end_worker)
            self._stage = Stage(
                self._presenter, self._desk, self._measure, self._dropped, on_status
            )
            ending.callback(self._stage.finish)
            ending.callback(self._stop_camera)
            reason = self._loop(signals)
        self._rack.check(is_alone=False)
        return self._report(reason)

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
            self._check_parts()
            if reason := signals.reason or self._end_reason():
                return reason

    def _follow_desk(self) -> None:
        """Pass what the keys changed on to the worker and the shelf."""
        desk = self._desk
        self._worker.controls = Controls(
            desk.look, desk.temporal, desk.is_frozen, self._rack.active("record") is not None
        )
        if not self._wished.can_draw(desk.style, desk.look):
            self._wished = StyleKey.of(desk.style, desk.look)
            self._shelf.wish(self._wished)
        if desk.wants_snapshot:
            desk.wants_snapshot = False
            self._stage.snapshot(snapshot_folder(self._settings.snapshot_dir))
        while desk.toggled:
            self._stage.say(self._rack.toggle(desk.toggled.pop(0)))
        if desk.wants_figures:
            desk.wants_figures = False
            self._on_line(figures_line(self._measure(time.monotonic())))

    def _check_parts(self) -> None:
        """Hear of styles that cannot be prepared and of sinks that failed."""
        if failure := self._shelf.failure():
            key, error = failure
            if self._worker.on_stage is None:
                raise error
            log.warning("style %s is not available: %s", key.style, error)
            self._stage.say(error.message)
            self._wished = self._worker.on_stage
            self._desk.style, self._desk.look = self._wished.style, self._wished.look
        self._rack.check(is_alone=not self._settings.show)
        self._warn_of_low_rate()
        note = getattr(self._worker.temporal, "note", None)
        if note and note not in self._warnings:
            self._warnings.append(note)
            self._stage.say(note)

    def _warn_of_low_rate(self) -> None:
        """Say once that the camera delivers less than asked, and why that usually is."""
        if not self._camera.is_physical or self._is_rate_told:
            return
        now_s = time.monotonic()
        rate, asked = self._arrivals.recent(now_s), float(self._camera.asked_rate)
        if now_s - self._start_s > RATE_CHECK_S and 0 < rate < LOW_RATE * asked:
            self._is_rate_told = True
            self._warnings.append(
                f"the camera delivers {rate:.1f} of {asked:.1f} fps: low light or USB bandwidth"
            )
            log.warning("%s", self._warnings[-1])

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

    def _measure(self, now_s: float) -> HudState:
        """Gather everything the text may mention."""
        info, desk, facts = self._camera.source.info, self._desk, self._engine_facts()
        engine = [str(facts[key]) for key in ("backend", "precision", "device") if key in facts]
        recording = self._rack.active("record")
        size = facts.get("infer_size")
        captured, dropped, skipped = self._growth(
            self._arrivals.count, self._dropped(), self._worker.counts.skipped
        )
        return HudState(
            style=desk.style,
            strength=desk.look.strength,
            shown_fps=self._stage.shown.recent(now_s),
            latency_ms=self._stage.latency.recent(),
            recorded_s=recording.recorded_s if recording else None,
            camera=f"{self._camera.name} {self._camera.format}",
            size=(info.width, info.height),
            camera_fps=self._arrivals.recent(now_s),
            processed_fps=self._worker.counts.processed.recent(now_s),
            captured=captured,
            dropped=dropped,
            skipped=skipped,
            engine=" ".join(engine),
            infer_size=(int(size[0]), int(size[1])) if size else None,
            keep_color=desk.look.keep_color,
            ink=desk.look.ink,
            vivid=desk.look.vivid,
            temporal=temporal_text(desk.temporal, self._worker.temporal),
            sinks=(*(("window OK",) if self._settings.show else ()), *self._rack.states),
            is_frozen=desk.is_frozen,
            is_original=desk.is_original,
            loss=self._loss or silence_text(self._arrivals.silence_s(now_s)),
            warnings=tuple(self._warnings),
        )

    def _dropped(self) -> int:
        return self._captured.dropped + self._pictures.dropped

    def _engine_facts(self) -> dict[str, Any]:
        report = self._worker.engine_report
        if not dataclasses.is_dataclass(report) or isinstance(report, type):
            return {}
        facts = dataclasses.asdict(report)
        facts["engine_key"] = facts.pop("key", None)
        return facts

    def _report(self, reason: EndReason) -> LiveReport:
        camera, info, counts = self._camera, self._camera.source.info, self._worker.counts
        return LiveReport(
            seconds=round(time.monotonic() - self._start_s, 3),
            first_styled_s=self._stage.first_styled_after_s(self._start_s),
            camera={
                "name": camera.name,
                "id": camera.id,
                "size": [info.width, info.height],
                "format": camera.format,
                "asked_fps": round(float(camera.asked_rate), 3),
                "measured_fps": round(self._arrivals.overall(), 2),
            },
            frames={
                "captured": self._arrivals.count,
                "processed": counts.processed.count,
                "shown": self._stage.shown.count,
                "dropped": self._dropped(),
                "skipped_static": counts.skipped,
                "warmup": counts.warmup,
            },
            fps={
                "camera": round(self._arrivals.overall(), 2),
                "processed": round(counts.processed.overall(), 2),
                "shown": round(self._stage.shown.overall(), 2),
            },
            latency_ms=self._stage.latency.summary(),
            styles=[{"name": s.name, "seconds": round(s.seconds, 2)} for s in counts.styles],
            sinks=[*self._stage.as_json(self._settings.show), *self._rack.as_json()],
            snapshots=[str(path) for path in self._stage.saved],
            reconnects=camera.reconnects,
            end_reason=reason,
            engine=self._engine_facts() or None,
            temporal=temporal_fields(self._worker),
            warnings=self._warnings,
        )
