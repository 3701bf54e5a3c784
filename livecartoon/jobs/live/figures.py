"""Everything a live run says about itself: to the text on the picture and to the report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from livecartoon.jobs.live.cameras import LiveCamera
from livecartoon.jobs.live.desk import Desk
from livecartoon.jobs.live.hud import HudState, silence_text, temporal_text
from livecartoon.jobs.live.meters import Growth, RateMeter
from livecartoon.jobs.live.rack import SinkRack
from livecartoon.jobs.live.settings import EndReason, LiveReport, LiveSettings
from livecartoon.jobs.live.stage import Stage
from livecartoon.jobs.live.steering import Steering
from livecartoon.jobs.live.vram import vram_text
from livecartoon.jobs.live.worker import Worker
from livecartoon.jobs.report import temporal_fields

LOW_RATE = 0.8
RATE_CHECK_S = 3.0
STAGES = {"network": "network", "temporal": "anti-flicker"}
"""Of the stylizer, and as the user reads them."""


@dataclasses.dataclass(slots=True)
class Figures:
    """Gathers what the parts of a run have measured; main thread only."""

    settings: LiveSettings
    camera: LiveCamera
    desk: Desk
    rack: SinkRack
    worker: Worker
    steering: Steering
    arrivals: RateMeter
    """Frames of the camera."""
    dropped: Callable[[], int]
    """How many were replaced before anybody took them."""
    warnings: list[str]
    start_s: float
    loss: str = ""
    """Why there is no camera picture at the moment."""
    too_slow: str = ""
    """What was told when the lowest level did not hold."""
    _is_rate_told: bool = False
    _growth: Growth = dataclasses.field(default_factory=Growth)
    _spent: Growth = dataclasses.field(default_factory=Growth)

    def hud(self, now_s: float, stage: Stage) -> HudState:
        """Return all that the text may mention."""
        info, desk, facts = self.camera.source.info, self.desk, self.engine_facts()
        engine = [str(facts[key]) for key in ("backend", "precision", "device") if key in facts]
        recording = self.rack.active("record")
        size = facts.get("infer_size")
        captured, dropped, skipped = self._growth(
            self.arrivals.count, self.dropped(), self.worker.counts.skipped
        )
        return HudState(
            style=desk.style,
            strength=desk.look.strength,
            shown_fps=stage.shown.recent(now_s),
            latency_ms=stage.latency.recent(),
            latencies_ms=stage.latency.lately(),
            recorded_s=recording.recorded_s if recording else None,
            camera=f"{self.camera.name} {self.camera.format}",
            size=(info.width, info.height),
            camera_fps=self.arrivals.recent(now_s),
            processed_fps=self.worker.counts.processed.recent(now_s),
            captured=captured,
            dropped=dropped,
            skipped=skipped,
            stages=self._stages(),
            frame_ms=1000 / self.steering.most_fps,
            engine=" ".join(engine),
            infer_size=(int(size[0]), int(size[1])) if size else None,
            level=self.steering.shown,
            is_governed=self.steering.is_on,
            is_too_slow=self.steering.is_too_slow,
            keep_color=desk.look.keep_color,
            ink=desk.look.ink,
            vivid=desk.look.vivid,
            temporal=temporal_text(desk.temporal, self.worker.temporal),
            sinks=(*(("window OK",) if self.settings.show else ()), *self.rack.states),
            is_frozen=desk.is_frozen,
            is_original=desk.is_original,
            loss=self.loss or silence_text(self.arrivals.silence_s(now_s)),
            warnings=tuple(self.warnings),
            vram=vram_text(str(facts.get("device", ""))),
        )

    def _stages(self) -> tuple[tuple[str, float], ...]:
        """Return milliseconds of each stage for a picture, none right after a change of engine."""
        spent_s = self.worker.stage_s
        frames, *spent_us = self._spent(
            self.worker.counts.processed.count,
            *(round(1e6 * spent_s.get(name, 0.0)) for name in STAGES),
        )
        if frames <= 0 or not spent_s or min(spent_us) < 0:
            return ()
        return tuple(
            (STAGES[name], us / 1000 / frames) for name, us in zip(STAGES, spent_us, strict=True)
        )

    def low_rate(self, now_s: float) -> str:
        """Say once that the camera delivers less than asked, and why that usually is; else ""."""
        if not self.camera.is_physical or self._is_rate_told or now_s - self.start_s < RATE_CHECK_S:
            return ""
        rate, asked = self.arrivals.recent(now_s), float(self.camera.asked_rate)
        self._is_rate_told = 0 < rate < LOW_RATE * asked
        words = f"the camera delivers {rate:.1f} of {asked:.1f} fps: low light or USB bandwidth"
        return words if self._is_rate_told else ""

    def engine_facts(self) -> dict[str, Any]:
        """Return the engine in use as plain fields, none before there is one."""
        report = self.worker.engine_report
        if not dataclasses.is_dataclass(report) or isinstance(report, type):
            return {}
        facts = dataclasses.asdict(report)
        facts["engine_key"] = facts.pop("key", None)
        return facts

    def report(self, reason: EndReason, stage: Stage) -> LiveReport:
        """Return the whole run in figures."""
        camera, info, counts = self.camera, self.camera.source.info, self.worker.counts
        return LiveReport(
            seconds=round(time.monotonic() - self.start_s, 3),
            first_styled_s=stage.first_styled_after_s(self.start_s),
            camera={
                "name": camera.name,
                "id": camera.id,
                "size": [info.width, info.height],
                "format": camera.format,
                "asked_fps": round(float(camera.asked_rate), 3),
                "measured_fps": round(self.arrivals.overall(), 2),
            },
            frames=self._frames(stage),
            fps={
                "camera": round(self.arrivals.overall(), 2),
                "processed": round(counts.processed.overall(), 2),
                "shown": round(stage.shown.overall(), 2),
            },
            latency_ms=stage.latency.summary(),
            levels=[
                {"size": level.size, "seconds": round(level.seconds, 2)}
                for level in self.steering.times
            ],
            governor_changes=self.steering.changes,
            styles=[{"name": s.name, "seconds": round(s.seconds, 2)} for s in counts.styles],
            sinks=[*stage.as_json(self.settings.show), *self.rack.as_json()],
            snapshots=[str(path) for path in stage.saved],
            reconnects=camera.reconnects,
            end_reason=reason,
            engine=self.engine_facts() or None,
            temporal=temporal_fields(self.worker),
            warnings=[*self.warnings, *([self.too_slow] if self.too_slow else [])],
        )

    def _frames(self, stage: Stage) -> dict[str, int]:
        counts = self.worker.counts
        return {
            "captured": self.arrivals.count,
            "processed": counts.processed.count,
            "shown": stage.shown.count,
            "dropped": self.dropped(),
            "skipped_static": counts.skipped,
            "left_out": counts.left_out,
            "warmup": counts.warmup,
        }
