"""Command line of the benchmarks: `python -m benchmarks --help`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.output import OUTPUT, finish
from benchmarks.picture_commands import PICTURE_COMMANDS
from benchmarks.record import read_record
from livecartoon.errors import LivecartoonError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure speed, steadiness and faithfulness; every figure is stored with its environment.

    Nothing else should run meanwhile: the record notes the machine's load.
    """


@main.command()
@click.option("--rounds", default=24, show_default=True)
@click.option("--peer", "peers", multiple=True, help="Only that generator; may be repeated.")
@OUTPUT
def network(rounds: int, peers: tuple[str, ...], output: Path | None) -> None:
    """Frames per second of our networks at 640x360, and the peers' generators beside them."""
    from benchmarks.network import PEERS, run

    finish("network", run(rounds, names=peers or PEERS), output)


@main.command()
@click.option("-s", "--style", default="shinkai", show_default=True)
@click.option("--width", default=640, show_default=True)
@click.option("--height", default=360, show_default=True)
@OUTPUT
def roofline(style: str, width: int, height: int, output: Path | None) -> None:
    """Share of what this processor can do at all that our networks get out of it."""
    from benchmarks.roofline import run

    finish("roofline", run(width, height, style), output)


@main.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True))
@click.argument("new", type=click.Path(path_type=Path, exists=True))
@click.option("--fail-above", default=5.0, show_default=True, help="Per cent slower: exit 1.")
def compare(old: Path, new: Path, fail_above: float) -> None:
    """Set two records of `network` side by side; a change within the noise is called same."""
    from benchmarks.comparison import compare as compare_records

    rows = compare_records(read_record(old), read_record(new), fail_above / 100)
    for row in rows:
        click.echo(f"{row.verdict:6}  {row.name:24}  {row.old_ms:9.2f}  {row.new_ms:9.2f} ms")
    if any(row.verdict == "SLOWER" for row in rows):
        sys.exit(1)


@main.command()
@click.argument("record", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="PNG.")
def plot(record: Path, output: Path) -> None:
    """Draw the rates of a `network` record as bars, on a logarithmic scale."""
    from benchmarks.plot import draw_bars

    draw_bars(read_record(record), output)
    click.echo(f"saved {output}")


@main.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--features", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--seconds", default=20.0, show_default=True, help="Of each recipe.")
@click.option("--full", is_flag=True, help="The papers' sizes, not the tiny twins.")
@OUTPUT
def training(data: Path, features: Path, seconds: float, full: bool, output: Path | None) -> None:
    """Images per second of every paper's recipe, and the share of time without pictures."""
    from benchmarks.training import run

    finish("training", run(data, features, seconds, tiny=not full), output)


@main.command()
@click.argument("clip", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--frames", default=300, show_default=True, help="Length of the drawn clip.")
@OUTPUT
def convert(clip: Path | None, frames: int, output: Path | None) -> None:
    """CPU and wall time of `convert` beside a plain decode and encode of the same clip."""
    from benchmarks.pipeline import run

    finish("convert", run(clip, frames), output)


@main.command()
@click.option("--minutes", default=10.0, show_default=True, help="Length of the drawn film.")
@click.option("--rate", default=10, show_default=True, help="Frames per second.")
@click.option("--width", default=320, show_default=True)
@click.option("--height", default=180, show_default=True)
@click.option("--style", default="classic", show_default=True)
@OUTPUT
def films(
    minutes: float, rate: int, width: int, height: int, style: str, output: Path | None
) -> None:
    """Memory and pace of `convert` by length, and with two workers; exit 1 if a gate is missed."""
    from benchmarks.films import run

    figures = run(minutes, rate, (width, height), style)
    finish("films", figures, output)
    if not figures["is_good"]:
        sys.exit(1)


@main.command()
@click.option(
    "--minutes", default=10.0, show_default=True, help="Length of the drawn film; 0 = none."
)
@click.option("--files", default=200, show_default=True, help="Small ones after it; 0 = none.")
@click.option("--rate", default=5, show_default=True, help="Frames per second.")
@click.option("--width", default=128, show_default=True)
@click.option("--height", default=72, show_default=True)
@click.option("--style", default="classic", show_default=True)
@click.option("--workers", default=4, show_default=True)
@OUTPUT
def cluster(output: Path | None, width: int, height: int, **values: Any) -> None:  # noqa: ANN401
    """A film and a library on a cluster of this machine beside one worker, with one killed.

    Exit 1 if a time or a pixel differs.
    """
    from benchmarks.cluster import run

    figures = run(size=(width, height), **values)
    finish("cluster", figures, output)
    if not figures["is_good"]:
        sys.exit(1)


@main.command()
@click.option("--there", default="classic", show_default=True, help="Style to switch to and back.")
@click.option("--size", default="640x360", show_default=True, help="Of the drawn card.")
@OUTPUT
def switch(there: str, size: str, output: Path | None) -> None:
    """The live picture while its style changes: drops, gaps and the length of the fade.

    Exit 1 if a switch drops more than one frame.
    """
    from benchmarks.switch import run

    figures = run(there, size)
    finish("switch", figures, output)
    if not figures["is_good"]:
        sys.exit(1)


@main.command()
@click.option("--rounds", default=60, show_default=True)
@click.option("--style", default="shinkai", show_default=True)
@OUTPUT
def outside(rounds: int, style: str, output: Path | None) -> None:
    """CPU time of what surrounds the network at 720p and 1080p, stage by stage, on one core.

    Exit 1 if a gate is missed.
    """
    from benchmarks.outside import run

    figures = run(rounds, style)
    finish("outside", figures, output)
    if not figures["is_good"]:
        sys.exit(1)


@main.command()
@OUTPUT
def startup(output: Path | None) -> None:
    """Seconds to `--help` and to the first stylized frame with a warm cache."""
    from benchmarks.startup import run

    finish("startup", run(), output)


@main.command()
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--style", default="shinkai", show_default=True)
@click.option("--cycles", "count", default=100, show_default=True, help="Starts and stops.")
@OUTPUT
def live(minutes: float, style: str, count: int, output: Path | None) -> None:
    """Soak the live job: memory, delay and threads over a long time and many starts.

    Exit 1 if a gate is missed.
    """
    from benchmarks.live import run

    figures = run(minutes, style, count)
    finish("live", figures, output)
    if not figures["is_good"]:
        sys.exit(1)


@main.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--pair", is_flag=True, help="The two FILES are a source and what became of it.")
@click.option("--suffix", help="Container of the results, such as mkv; else as the source.")
@click.option("-v", "--verbose", is_flag=True, help="Show what is kept as well.")
def conformance(files: tuple[Path, ...], pair: bool, suffix: str | None, verbose: bool) -> None:
    """Convert FILES with an engine that changes nothing and compare stream by stream.

    Exit 1 if something is lost that the container could have held.
    """
    from benchmarks.conformance import compare, convert_all

    if pair and len(files) != 2:
        raise click.UsageError("--pair takes a source and a converted file")
    results = [(files[0], "done", compare(*files))] if pair else convert_all(files, suffix)
    lost = 0
    for source, status, rows in results:
        wrong = [row for row in rows if not row.is_same]
        lost += bool(wrong) or status == "failed"
        click.echo(f"{'LOST' if wrong else 'ok  '}  {source.name}  {status}  {len(rows)} rows")
        for row in rows if verbose else wrong:
            mark = "ok  " if row.is_same else "LOST"
            click.echo(f"      {mark}  {row.what:16}  {row.source}  ->  {row.output}")
    if lost:
        sys.exit(1)


for command in PICTURE_COMMANDS:
    main.add_command(command)


def entry() -> None:
    """Run, turning our errors into one line and their exit code."""
    try:
        main()
    except LivecartoonError as error:
        click.echo(f"benchmarks: error{error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    entry()
