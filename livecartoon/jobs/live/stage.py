"""What the user sees: pictures, text, snapshots, and the measurements of showing them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from livecartoon import __version__
from livecartoon.errors import OutputError
from livecartoon.jobs.live.desk import HELP, Desk
from livecartoon.jobs.live.gauge import Batch
from livecartoon.jobs.live.hud import HudState, hud_lines, to_ascii
from livecartoon.jobs.live.meters import LatencyMeter, RateMeter
from livecartoon.jobs.live.outlets import Shot, SnapshotSaver
from livecartoon.jobs.live.settings import LiveStatus
from livecartoon.jobs.live.work import Picture
from livecartoon.sinks.presenter import Presenter, Scene
from livecartoon.styles import short_name

log = logging.getLogger(__name__)
TEXT_S = 0.5
"""Numbers that change faster cannot be read."""
NOTE_S = 3.0
REDRAW_S = 0.2
FINISH_S = 2.0


class Stage:
    """Shows pictures on a presenter with the text of the moment; main thread only."""

    def __init__(
        self,
        presenter: Presenter,
        desk: Desk,
        measure: Callable[[float], HudState],
        dropped: Callable[[], int],
        on_status: Callable[[LiveStatus], None],
    ) -> None:
        self._presenter, self._desk = presenter, desk
        self._measure, self._dropped, self._on_status = measure, dropped, on_status
        self.shown = RateMeter()
        self.latency = LatencyMeter()
        self.fresh_latency = Batch()
        self.first_styled_s: float | None = None
        self.saved: list[Path] = []
        self._start_s = time.monotonic()
        self._last: Picture | None = None
        self._last_shown_s = 0.0
        self._loss = ""
        self._hud: tuple[str, ...] = ()
        self._text_due_s = 0.0
        self._note, self._note_end_s = "", 0.0
        self._saver = SnapshotSaver(self._on_saved)

    def show(self, picture: Picture | None) -> None:
        """Show `picture`; without one, keep the last one alive so that the text goes on."""
        now_s = time.monotonic()
        if now_s >= self._text_due_s:
            self._update_text(now_s)
        if picture is None:
            if self._last is not None and now_s - self._last_shown_s > REDRAW_S:
                self._present(self._last)
            return
        self._last = picture
        self._present(picture)
        if picture.style is not None:
            self._count(picture, time.monotonic())

    def refresh(self) -> None:
        """Write the text anew with the next picture: a key has changed something."""
        self._text_due_s = 0.0

    def say(self, note: str, seconds: float = NOTE_S) -> None:
        """Show `note` for a while."""
        self._note, self._note_end_s = note, time.monotonic() + seconds
        self.refresh()

    def snapshot(self, folder: Path) -> None:
        """Save the result and the source of the picture on show."""
        picture = self._last
        if picture is None or picture.style is None:
            return
        stem = f"livecartoon-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"
        style = picture.style
        facts = {
            "Software": f"livecartoon {__version__}",
            "Style": style,
            "Strength": f"{self._desk.look.strength:.2f}",
            "Keep-color": f"{self._desk.look.keep_color:.2f}",
            "Ink": f"{self._desk.look.ink:.2f}",
            "Vivid": f"{self._desk.look.vivid:.2f}",
            "Creation Time": f"{datetime.now().astimezone():%Y-%m-%dT%H:%M:%S%z}",
        }
        for part, frame in ((short_name(style), picture.styled), ("source", picture.source)):
            pixels = np.ascontiguousarray(frame.pixels)
            self._saver.save(Shot(folder / f"{stem}-{part}.png", pixels, facts))

    def first_styled_after_s(self, start_s: float) -> float | None:
        """Seconds from `start_s` to the first styled picture, None if there was none."""
        first_s = self.first_styled_s
        return None if first_s is None else round(first_s - start_s, 3)

    def finish(self) -> None:
        """Save the snapshots still waiting."""
        self._saver.finish(FINISH_S)

    def as_json(self, is_window: bool) -> list[dict[str, Any]]:
        """Return the window as a sink, if there is one."""
        if not is_window:
            return []
        return [
            {"kind": "window", "target": "", "frames": self.shown.count, "bytes": 0, "errors": 0}
        ]

    def _present(self, picture: Picture) -> None:
        desk = self._desk
        self._last_shown_s = time.monotonic()
        self._presenter.show(
            Scene(
                picture.styled.pixels,
                picture.source.pixels,
                compare=desk.compare,
                is_original=desk.is_original,
                is_mirrored=desk.is_mirrored,
                is_fullscreen=desk.is_fullscreen,
                hud=() if desk.is_help else self._hud,
                panel=self._panel(picture),
            )
        )

    def _panel(self, picture: Picture) -> tuple[str, ...]:
        if self._desk.is_help:
            return HELP
        if self._loss:
            return (to_ascii(self._loss),)
        if picture.style is None:
            return (f"warming up {to_ascii(self._desk.style)} ...",)
        return ()

    def _count(self, picture: Picture, now_s: float) -> None:
        self.shown.tick(now_s)
        if self.first_styled_s is None:
            self.first_styled_s = now_s
        if picture.source.captured_s is not None:
            age_ms = (now_s - picture.source.captured_s) * 1000
            self.latency.add(age_ms)
            self.fresh_latency.add(age_ms)

    def _update_text(self, now_s: float) -> None:
        self._text_due_s = now_s + TEXT_S
        state = self._measure(now_s)
        note = self._note if now_s < self._note_end_s else ""
        self._loss = state.loss
        self._hud = hud_lines(state, self._desk.hud, note)
        self._on_status(
            LiveStatus(
                seconds=now_s - self._start_s,
                style=state.style,
                shown_fps=state.shown_fps,
                latency_ms=state.latency_ms,
                dropped=self._dropped(),
                is_warming=self.first_styled_s is None,
                note=state.loss or note,
                look=self._desk.look,
                is_original=self._desk.is_original,
                is_frozen=self._desk.is_frozen,
                compare=self._desk.compare,
                level=state.level,
                is_too_slow=state.is_too_slow,
                temporal=self._desk.temporal,
                shown=self.shown.count,
            )
        )

    def _on_saved(self, path: Path, problem: OutputError | None) -> None:
        """Hear from the saver's thread; the list only grows, the note is a plain assignment."""
        if problem is None:
            self.saved.append(path)
            log.info("snapshot saved: %s", path)
            self.say(f"saved {path.name}")
        else:
            log.warning("%s", problem)
            self.say(problem.message)


def snapshot_folder(wanted: Path | None) -> Path:
    """Return `wanted`, else the pictures folder, else the current one."""
    if wanted is not None:
        return wanted
    import platformdirs

    pictures = platformdirs.user_pictures_path()
    return pictures if pictures.is_dir() else Path.cwd()
