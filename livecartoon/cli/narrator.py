"""Tells people how the films of a conversion are getting on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from livecartoon.cli.session import Session
from livecartoon.cli.status import Status
from livecartoon.cli.summary import engine_name, engine_text, failure_line, file_line

if TYPE_CHECKING:
    from livecartoon.jobs.hooks import Progress
    from livecartoon.jobs.report import FileReport


class Narrator:
    """A line for each engine, once, and for each film that is done."""

    def __init__(self, session: Session, status: Status, films: int) -> None:
        self._session, self._status = session, status
        self.films = films
        self._told: set[str] = set()

    def on_start(self, report: FileReport) -> None:
        """Say what it is drawn on, unless that was said."""
        self._status.engine = engine_name(report)
        text = engine_text(report)
        if text not in self._told:
            self._told.add(text)
            self._session.say(text)

    def on_progress(self, progress: Progress, note: str = "") -> None:
        """Move the bar."""
        self._status.update(
            progress.frame,
            progress.frames,
            seconds=progress.film_s,
            stage=progress.stage + note,
            bytes_out=progress.bytes_out,
        )

    def on_done(self, report: FileReport) -> None:
        """Say what became of it."""
        if report.status not in ("failed", "planned"):
            self._session.say(file_line(report))
        if report.error is not None and self.films > 1:  # that of an only film ends the run
            self._session.complain(failure_line(report))

    def on_interrupt(self, targets: Iterable[Path]) -> None:
        """Say how to go on, if anything is kept."""
        if any(path.with_name(f"{path.name}.livecartoon").is_dir() for path in targets):
            self._session.say("what is done is saved; resume: run the same command again")
