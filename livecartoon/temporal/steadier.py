"""One stream's anti-flicker with a memory of what it did, and of what it may cost."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from livecartoon.frame import Pixels
from livecartoon.temporal.base import Sparing, Temporal

log = logging.getLogger(__name__)
LIVE_FRAME_S = 1 / 30
"""Seconds a live frame lasts, unless told otherwise."""
LIVE_SHARE = 0.9
"""Of that time for drawing and anti-flicker; steadier is not worth later, even side by side."""
TRIAL_FRAMES = 12
"""Live frames along the motion after which it is known what they cost."""


@dataclass(slots=True)
class TemporalReport:
    """What the anti-flicker does, as told to the user."""

    mode: str
    """As chosen."""
    method: str = "off"
    """What the last frame got."""
    frames: dict[str, int] = field(default_factory=dict)
    """Frames by method since the mode was chosen."""
    note: str | None = None
    """Why `auto` does not do its best."""
    is_on_trial: bool = False
    """It is being found out what following the motion costs: that says little about the rest."""


class Steadier:
    """Runs a filter, counts what it does and, live, takes from `auto` what costs too much."""

    def __init__(
        self, mode: str, filter_: Temporal, *, is_live: bool, frame_s: float = LIVE_FRAME_S
    ) -> None:
        """`frame_s` is how long a live frame lasts."""
        self._filter, self._is_live = filter_, is_live
        self._most_s = LIVE_SHARE * frame_s
        self._flow_s = 0.0
        self.report = TemporalReport(mode)

    def __call__(
        self, source: Pixels, styled: Pixels, seconds: float, drawing_s: float = 0.0
    ) -> Pixels:
        """Return what to show; `drawing_s` = what drawing a frame takes beside this."""
        started_s = time.perf_counter()
        shown = self._filter(source, styled, seconds)
        elapsed_s = time.perf_counter() - started_s
        report, method = self.report, self._filter.method
        report.method = method
        report.frames[method] = report.frames.get(method, 0) + 1
        report.is_on_trial = False
        if self._is_live and method == "flow" and isinstance(self._filter, Sparing):
            self._watch_cost(self._filter, elapsed_s, drawing_s)
        return shown

    def reset(self) -> None:
        """Forget the past: the next frame is shown as it is."""
        self._filter.reset()

    def stay(self) -> bool:
        """Do without what costs most, for good; False if that is not done at the moment."""
        if self.report.method != "flow" or not isinstance(self._filter, Sparing):
            return False
        self._filter.stay()
        self.report.note = "anti-flicker stays with blend: no level holds while it follows"
        return True

    def _watch_cost(self, filter_: Sparing, elapsed_s: float, drawing_s: float) -> None:
        count = self.report.frames["flow"]
        self.report.is_on_trial = count < TRIAL_FRAMES
        if count > TRIAL_FRAMES:
            return
        self._flow_s += elapsed_s
        flow_s = self._flow_s / count
        if count == TRIAL_FRAMES and flow_s + drawing_s > self._most_s:
            filter_.stay()
            drawing = f", drawing {1000 * drawing_s:.0f}" if drawing_s >= 0.0005 else ""
            self.report.note = (
                f"anti-flicker stays with blend: following the camera takes {1000 * flow_s:.0f} ms"
                f" a frame{drawing}"
            )
            log.info("%s", self.report.note)
