"""What the shared flags of one run said, and the only door to stdout and stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from livecartoon import __version__
from livecartoon.escape import printable

SCHEMA = "livecartoon/1"


@dataclass(slots=True)
class Session:
    """One run of the command line."""

    command: str = ""
    verbose: int = 0
    quiet: int = 0
    color: str = "auto"
    json: bool = False
    progress: str = "auto"
    config: Path | None = None
    no_config: bool = False
    log_file: Path | None = None
    sources: dict[str, int] = field(default_factory=dict)
    """Shared flag -> rank of where its value came from; the command line beats the rest."""
    warnings: dict[tuple[str, str], int] = field(default_factory=dict)
    """(code, text) -> how often; each kind is printed once."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_s: float = field(default_factory=time.monotonic)
    is_finished: bool = False

    @property
    def verbosity(self) -> int:
        """-2 nothing, -1 errors, 0 normal, 1 info, 2 debug."""
        return self.verbose - self.quiet

    def say(self, text: str) -> None:
        """Tell people something that is not the result, on stderr; silent with -q and --json."""
        if self.verbosity >= 0 and not self.json:
            click.echo(text, err=True, color=True)

    def complain(self, text: str) -> None:
        """Tell of a failure that does not end the run: as errors are, so only -qq silences it."""
        if self.verbosity >= -1:
            click.echo(text, err=True, color=True)

    def result(self, text: str) -> None:
        """Print requested data on stdout, unless the JSON document replaces it."""
        if not self.json:
            click.echo(text, color=True)

    def warn(self, code: str, text: str) -> None:
        """Print a warning, each kind once per run, and count it for the document."""
        seen = self.warnings.get((code, text), 0)
        self.warnings[code, text] = seen + 1
        if not seen and self.verbosity >= 0:
            label = self.paint(f"warning[{code}]", "yellow")
            click.echo(f"livecartoon: {label}: {printable(text)}", err=True, color=True)

    def paint(self, text: str, color: str) -> str:
        """Colour `text` for stderr if colours are wanted there."""
        return click.style(text, fg=color, bold=True) if self.wants_color(sys.stderr) else text

    def paint_out(self, text: str, color: str) -> str:
        """Colour `text` for stdout if colours are wanted there."""
        return click.style(text, fg=color, bold=True) if self.wants_color(sys.stdout) else text

    def wants_color(self, stream: TextIO) -> bool:
        """Whether to write colour escapes to `stream`."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"

    def document(self, exit_code: int, error: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the fields common to every JSON document."""
        return {
            "schema": SCHEMA,
            "command": self.command or None,
            "version": __version__,
            "ok": exit_code == 0,
            "exit_code": exit_code,
            "started": self.started.isoformat(timespec="milliseconds"),
            "seconds": round(time.monotonic() - self.started_s, 3),
            "warnings": [
                {"code": code, "text": text, "count": count}
                for (code, text), count in self.warnings.items()
            ],
            "error": error,
            "engine": None,
        }

    def finish(self, exit_code: int = 0, **fields: Any) -> None:
        """Print the JSON document, if one was asked for; `fields` are the command's own."""
        self.finish_with(exit_code, None, **fields)

    def finish_with(self, exit_code: int, error: dict[str, Any] | None, **fields: Any) -> None:
        """Do the same for a run that may have failed."""
        self.is_finished = True
        if self.json:
            document = self.document(exit_code, error) | fields
            click.echo(json.dumps(document, indent=2, allow_nan=False, default=to_json))


def to_json(value: object) -> object:
    """Write paths as text and rationals as {num, den}."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "numerator") and hasattr(value, "denominator"):
        return {"num": int(value.numerator), "den": int(value.denominator)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def current() -> Session:
    """Return the session of the command being run."""
    session = click.get_current_context().find_object(Session)
    assert session is not None
    return session
