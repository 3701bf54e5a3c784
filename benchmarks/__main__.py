"""Command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.record import RESULTS, write_record
from livecartoon.errors import LivecartoonError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure speed, steadiness and faithfulness; every figure is stored with its environment.

    Nothing else should run meanwhile: the record notes the machine's load.
    """


def _finish(name: str, figures: dict[str, Any], output: Path | None) -> None:
    write_record(output or RESULTS / f"{name}.json", name, figures)
    click.echo(json.dumps(figures, indent=1))


OUTPUT = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Record, else results/NAME.json."
)


@main.command()
@click.option("--rounds", default=24, show_default=True)
@OUTPUT
def network(rounds: int, output: Path | None) -> None:
    """Frames per second of our networks at 640x360, and the peers' generators beside them."""
    from benchmarks.network import run

    _finish("network", run(rounds), output)


@main.command()
@click.argument("clip", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--frames", default=150, show_default=True, help="Length of the drawn clip.")
@OUTPUT
def convert(clip: Path | None, frames: int, output: Path | None) -> None:
    """CPU and wall time of `convert` beside a plain decode and encode of the same clip."""
    from benchmarks.pipeline import run

    _finish("convert", run(clip, frames), output)


@main.command()
@OUTPUT
def startup(output: Path | None) -> None:
    """Seconds to `--help` and to the first stylized frame with a warm cache."""
    from benchmarks.startup import run

    _finish("startup", run(), output)


@main.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("converted", type=click.Path(path_type=Path, exists=True))
def conformance(source: Path, converted: Path) -> None:
    """Compare a CONVERTED file with its SOURCE stream by stream; exit 1 if something is lost."""
    from benchmarks.conformance import compare

    rows = compare(source, converted)
    for row in rows:
        mark = "ok  " if row.is_same else "LOST"
        click.echo(f"{mark}  {row.what:16}  {row.source}  ->  {row.output}")
    if not all(row.is_same for row in rows):
        sys.exit(1)


@main.command()
@click.option("--case", "cases", multiple=True, help="Only that clip; may be repeated.")
@click.option("--frames", default=40, show_default=True)
@OUTPUT
def temporal(cases: tuple[str, ...], frames: int, output: Path | None) -> None:
    """Scores of anti-flicker on drawn clips beside a running mean; exit 1 if a gate is missed."""
    from benchmarks.temporal import heading, line, run
    from benchmarks.temporal_scenes import CASES

    click.echo(heading())
    figures = run(cases or tuple(CASES), frames, on_row=lambda row: click.echo(line(row)))
    if output or not cases:
        write_record(output or RESULTS / "temporal.json", "temporal", figures)
    if not figures["is_good"]:
        sys.exit(1)


def entry() -> None:
    """Run, turning our errors into one line and their exit code."""
    try:
        main()
    except LivecartoonError as error:
        click.echo(f"benchmarks: error{error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    entry()
