"""Where the figures of a command go: a record, and the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from benchmarks.record import RESULTS, write_record


def finish(name: str, figures: dict[str, Any], output: Path | None) -> None:
    """Store the figures of benchmark `name` as a record and print them."""
    write_record(output or RESULTS / f"{name}.json", name, figures)
    click.echo(json.dumps(figures, indent=1))


OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Record, else results/NAME.json."
)
