"""The two threads that turn the newest camera frame into the picture everybody gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from livecartoon.config import Look, TemporalName
from livecartoon.frame import Frame
from livecartoon.jobs.live.ending import start_thread
from livecartoon.jobs.live.relay import Relay
from livecartoon.jobs.live.still import StillDetector
from livecartoon.jobs.live.styling import Prepared, StyleKey, StyleShelf
from livecartoon.jobs.live.thinning import Thinner
from livecartoon.jobs.live.work import Begun, Controls, Picture, StyleTime, WorkerCounts
from livecartoon.slot import Slot
from livecartoon.temporal.crossfade import Crossfade

POLL_S = 0.1


class Worker:
    """Takes the newest frame, styles it, hands it to the window and to every other sink.

    One thread draws (`begin`), one steadies and sends what was drawn before (`finish`): the next
    frame is being drawn meanwhile. `inboxes` says where the other sinks wait at the moment.
    """

    def __init__(
        self,
        inbox: Slot[Frame],
        outlet: Slot[Picture],
        inboxes: Callable[[], Sequence[Slot[Picture]]],
        shelf: StyleShelf,
        *,
        static_skip: bool,
        limit: int | None = None,
    ) -> None:
        self._inbox, self._outlet, self._inboxes, self._shelf = inbox, outlet, inboxes, shelf
        self._still = StillDetector() if static_skip else None
        self._thinner = Thinner()
        self._begun: Relay[Begun] = Relay()
        self._to_begin = self._left = limit
        self._stage: Prepared | None = None
        self._look: Look | None = None
        self._temporal: TemporalName = "auto"
        self._last: Picture | None = None
        self._fade: Crossfade | None = None
        self._last_tick_s = 0.0
        self.controls = Controls()
        self.counts = WorkerCounts()

    @property
    def is_limit_reached(self) -> bool:
        """True once as many styled pictures as asked for have been sent."""
        return self._left == 0

    @property
    def on_stage(self) -> StyleKey | None:
        """What is in use, None while the first one is being prepared."""
        stage = self._stage
        return stage.key if stage else None

    @property
    def engine_report(self) -> object:
        """The report of the stylizer in use, or None."""
        stage = self._stage
        return stage.stylizer.report if stage else None

    @property
    def stage_s(self) -> Mapping[str, float]:
        """Busy seconds of the parts of the engine in use since it was made, {} before."""
        stage = self._stage
        return stage.stylizer.stage_s if stage else {}

    @property
    def temporal(self) -> Any:  # noqa: ANN401  the report's type belongs to the engine
        """What the anti-flicker in use does, or None."""
        stage = self._stage
        return stage.stylizer.temporal if stage else None

    def stay(self) -> bool:
        """Let the anti-flicker follow the camera no longer; False if it does not; any thread."""
        stage = self._stage
        return stage is not None and stage.stylizer.stay()

    def hurry(self) -> None:
        """Leave out what waits for the second thread: nobody looks any more; any thread."""
        self._begun.drop()

    def run(self) -> None:
        """Work until the inbox closes; what goes wrong reaches the outlet's reader."""
        with self._outlet, self._finishing():
            while self._to_begin != 0:
                frame = self._inbox.get(POLL_S)
                if frame is None:
                    self._begun.check()
                    continue
                if not self._thinner(time.monotonic(), self.controls.most_fps):
                    self.counts.left_out += 1
                    continue
                begun = self.begin(frame)
                if self._to_begin is not None and begun.style is not None:
                    self._to_begin -= 1
                self._begun.put(begun, self.complete)

    @contextmanager
    def _finishing(self) -> Iterator[None]:
        """The second thread; it ends when all that was begun is sent."""

        def finish_and_send(begun: Begun) -> None:
            self._send(self.finish(begun))

        thread = start_thread("steady", lambda: self._begun.work(finish_and_send))
        try:
            yield
        finally:
            self._begun.close()
            thread.join()
            self._begun.check()

    def begin(self, frame: Frame) -> Begun:
        """Draw one frame with what is ready and wanted now."""
        controls = self.controls
        self._change_stage()
        if self._stage is None:
            self.counts.warmup += 1
            return Begun(frame, None)
        now_s, style = time.monotonic(), self._stage.key.style
        self._count_style_time(now_s)
        if controls.is_frozen and self._last is not None:
            return Begun(frame, style)
        if self._apply(controls) or self._fade is not None:
            self._forget_still()
        if self._last is not None and self._is_still(frame, controls):
            self.counts.skipped += 1
            return Begun(frame, style)
        stylizer = self._stage.stylizer
        start_s, before_s = time.monotonic(), stylizer.network_s
        drawn = stylizer.draw(frame)
        draw_s, network_s = time.monotonic() - start_s, stylizer.network_s - before_s
        self.counts.processed.tick(now_s)
        return Begun(frame, style, stylizer, drawn, now_s, draw_s, network_s)

    def complete(self, begun: Begun) -> None:
        """Take over from the second thread what drawing has left to do: it is behind."""
        if begun.stylizer is not None:
            start_s = time.monotonic()
            begun.stylizer.complete(begun.drawn)
            begun.draw_s += time.monotonic() - start_s

    def finish(self, begun: Begun) -> Picture:
        """Steady what was drawn; frames in the order in which they were begun."""
        if begun.style is None:
            return Picture(begun.frame, begun.frame, None)
        if begun.stylizer is None:
            return self._again(begun)
        stylizer = begun.stylizer
        start_s, waited_s = time.monotonic(), stylizer.waited_s
        styled = stylizer.steady(begun.drawn)
        pace_s = max(begun.draw_s, time.monotonic() - start_s)
        network_s = begun.network_s + stylizer.waited_s - waited_s
        self.counts.work.add(pace_s * 1000)
        fixed_s = pace_s - min(max(network_s, 0.0), pace_s)  # an engine may be a new one
        self.counts.fixed.add(fixed_s * 1000)
        shown = self._faded(begun.frame, styled, begun.now_s)
        self._last = Picture(begun.frame, shown, begun.style)
        return self._last

    def _again(self, begun: Begun) -> Picture:
        """Show the last result for a new frame."""
        assert self._last is not None
        again = replace(begun.frame, pixels=self._last.styled.pixels)
        return Picture(begun.frame, again, begun.style)

    def _is_still(self, frame: Frame, controls: Controls) -> bool:
        still = None if controls.is_recording else self._still
        return still is not None and still(frame.pixels)

    def _send(self, picture: Picture) -> None:
        self._outlet.put(picture)
        for inbox in self._inboxes():
            inbox.put(picture)
        if self._left is not None and picture.style is not None:
            self._left -= 1

    def _change_stage(self) -> None:
        """Swap in a newly prepared stylizer between two frames."""
        prepared = self._shelf.take()
        if prepared is None:
            return
        self._begun.settle()  # the fade begins at the last picture of the style before
        if self._last is not None:
            last = self._last
            self._fade = Crossfade(last.source.pixels, last.styled.pixels, time.monotonic())
        prepared.stylizer.reset()
        self._stage, self._look = prepared, None
        self._temporal = "auto"
        self._forget_still()
        if not self.counts.styles or self.counts.styles[-1].name != prepared.key.style:
            self.counts.styles.append(StyleTime(prepared.key.style))

    def _apply(self, controls: Controls) -> bool:
        """Pass changed sliders to the stylizer; True if something has changed.

        A look that this engine has no layers for waits: the shelf is preparing one that has.
        """
        stage = self._stage
        if stage is None:
            return False
        has_changed = False
        if controls.look != self._look and stage.key.can_draw(stage.key.style, controls.look):
            stage.stylizer.set_look(controls.look)
            self._look, has_changed = controls.look, True
        if controls.temporal != self._temporal:
            self._begun.settle()
            stage.stylizer.set_temporal(controls.temporal)
            self._temporal, has_changed = controls.temporal, True
        return has_changed

    def _forget_still(self) -> None:
        if self._still is not None:
            self._still.forget()

    def _count_style_time(self, now_s: float) -> None:
        if self._last_tick_s:
            self.counts.styles[-1].seconds += now_s - self._last_tick_s
        self._last_tick_s = now_s

    def _faded(self, frame: Frame, styled: Frame, now_s: float) -> Frame:
        """Mix with the last picture of the style before, for a moment."""
        if self._fade is None:
            return styled
        mixed = self._fade(frame.pixels, styled.pixels, now_s)
        if self._fade.is_over(now_s):
            self._fade = None
        return replace(styled, pixels=mixed)
