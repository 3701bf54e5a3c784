"""How a run ends: every exception becomes text on stderr and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import click

from livecartoon.cli.session import Session
from livecartoon.errors import LivecartoonError, UsageError
from livecartoon.escape import printable

INTERRUPTED = 130
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; jobs clean up as for Ctrl-C."""


def report(session: Session, error: BaseException) -> int:
    """Tell about `error` in the documented form and return the exit code of the process."""
    if isinstance(error, click.Abort):  # what click makes of KeyboardInterrupt
        error = error.__cause__ or error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _stopped(session, TERMINATED if isinstance(error, Terminated) else INTERRUPTED)
    if isinstance(error, click.ClickException):
        error = from_click(error)
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        name = Path(str(error.filename)).name
        error = UsageError("E201", f"{name[:40]}... is too long for a file's name", "a shorter one")
    if isinstance(error, LivecartoonError):
        logging.getLogger("livecartoon").debug("raised here", exc_info=error)
        _tell(session, error.exit_code, error.code, error.message, error.remedies)
        return error.exit_code
    return _bug(session, error)


def from_click(error: click.ClickException) -> UsageError:
    """Return our error for a command line that click could not read."""
    text = getattr(error, "message", "") or error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "livecartoon"
    guesses = getattr(error, "possibilities", None) or ()
    hint = (f"did you mean: {', '.join(sorted(guesses))}",) if guesses else ()
    if isinstance(error, click.MissingParameter | click.BadParameter):
        text = error.format_message()
    text = text.strip().rstrip(".")
    return UsageError("E201", text[:1].lower() + text[1:], *hint, f"{path} --help")


def _stopped(session: Session, exit_code: int) -> int:
    """Say that the user ended the run; what was saved is the job's to tell."""
    session.say("livecartoon: stopped")
    if not session.is_finished:
        session.finish_with(exit_code, None)
    return exit_code


def _tell(
    session: Session, exit_code: int, code: str, message: str, remedies: tuple[str, ...]
) -> None:
    if session.verbosity >= -1:
        label = session.paint(f"error[{code}]", "red")
        lines = [f"livecartoon: {label}: {printable(message)}"]
        for remedy in remedies:
            prefix = "" if remedy.startswith("did you mean:") else "try: "
            lines.append(f"  {prefix}{printable(remedy)}")
        click.echo("\n".join(lines), err=True, color=True)
    if not session.is_finished:
        session.finish_with(exit_code, error_fields(code, message, remedies))


def error_fields(code: str, message: str, remedies: tuple[str, ...]) -> dict[str, Any]:
    """Return the `error` object of a JSON document."""
    return {"code": code, "text": message, "try": list(remedies)}


def _bug(session: Session, error: BaseException) -> int:
    """Save the traceback where the user can find it; show it only with -vv."""
    trace = "".join(traceback.format_exception(error))
    if session.verbosity >= 2:
        click.echo(trace, err=True)
    path = _save(session.log_file, trace)
    where = f"please report it with {path}" if path else "run it again with -vv and report that"
    message = f"unexpected {type(error).__name__}: {error}"
    _tell(session, 1, "E100", message, (where,))
    return 1


def _save(log_file: Path | None, trace: str) -> Path | None:
    """Append the traceback to the log file; a folder that cannot be written is passed over."""
    import platformdirs

    home = Path(platformdirs.user_log_dir("livecartoon", appauthor=False)) / "livecartoon.log"
    spare = Path(tempfile.gettempdir()) / f"livecartoon-{os.getpid()}.log"
    for path in [log_file] if log_file else [home, spare]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{printable(' '.join(sys.argv))}\n{trace}\n")
        except OSError:
            continue
        return path
    return None
