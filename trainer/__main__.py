"""Command line of the trainer: `python -m trainer --help`."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from livecartoon.errors import LivecartoonError
from trainer.cli.evaluate import evaluate, gates
from trainer.cli.study import study
from trainer.cli.video import eval_video
from trainer.cli.weights import WEIGHTS_COMMANDS
from trainer.config import StudentTraining

PLACE = click.Path(path_type=Path)
PRESETS: dict[str, tuple[str, ...]] = {
    "smoke": ("steps=20", "batch=2", "crop=96", "warmup_steps=5"),
    "lite": ("steps=3000",),
    "paper": (),
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-v", "--verbose", is_flag=True, help="Log every step of the work.")
def main(verbose: bool) -> None:
    """Make targets, train students, judge and export them."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="trainer: %(message)s"
    )


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--style", default="shinkai", show_default=True)
@click.option("--people", type=click.Path(path_type=Path, exists=True), help="List of file names.")
@click.option("--workers", default=1, show_default=True)
def targets(
    photos: tuple[Path, ...], output: Path, style: str, people: Path | None, workers: int
) -> None:
    """Make designed targets from PHOTOS: pictures, folders or lists of paths (.txt).

    Example: python -m trainer targets photos/ -o pairs/shinkai --style shinkai
    """
    from trainer.data.folder import find_pictures, write_people
    from trainer.targets import make_targets

    found = find_pictures(photos)
    make_targets(found, output, style, workers=workers)
    if people is not None:
        names = set(people.read_text(encoding="utf-8").split())
        write_people(output, [path for path in found if path.name in names])
    click.echo(f"{len(found)} photos, pairs in {output}", err=True)


@main.command()
@click.option("--photos", required=True, multiple=True, type=PLACE, help="Folder, film or list.")
@click.option("--cartoons", required=True, multiple=True, type=PLACE, help="Folder, film or list.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option(
    "--rights", "--license", required=True, help="Who owns the pictures, what is allowed."
)
@click.option("--size", default=256, show_default=True, help="Side of the squares.")
@click.option("--edges/--no-edges", default=True, show_default=True, help="Smoothed cartoons.")
@click.option("--saliency/--no-saliency", default=True, show_default=True, help="Saliency maps.")
@click.option("--dedup/--no-dedup", default=True, show_default=True, help="Drop near-duplicates.")
@click.option("--val", default=0.05, show_default=True, help="Share held out from training.")
@click.option("--photo-crops", default=1, show_default=True, help="Squares per photo.")
@click.option("--cartoon-crops", default=1, show_default=True, help="Squares per cartoon.")
@click.option("--cartoon-scale", type=float, help="Resize by this instead of fitting a square.")
@click.option("--pixel-cell", default=0, help="Cartoons are pixel art: bring them to that cell.")
@click.option("--sample", type=click.Choice(["interval", "scene", "keyframes"]), default="interval")
@click.option("--every", default=2.0, show_default=True, help="Seconds between frames of a film.")
@click.option("--workers", default=1, show_default=True)
def prepare(
    photos: tuple[Path, ...],
    cartoons: tuple[Path, ...],
    output: Path,
    rights: str,
    **values: Any,  # noqa: ANN401  click hands the values of options over untyped
) -> None:
    """Make a data folder of squares from photos and cartoons: pictures or films.

    Example: python -m trainer prepare --photos holiday/ --cartoons film.mkv -o data --rights TEXT
    """
    from trainer.data.films import Sampling
    from trainer.data.prepare import PrepareSettings, prepare
    from trainer.data.squares import Squares

    common = Squares(
        side=values["size"],
        crops=values["photo_crops"],
        dedup=values["dedup"],
        held_out=values["val"],
        sampling=Sampling(values["sample"], values["every"]),
    )
    drawn = replace(
        common,
        crops=values["cartoon_crops"],
        scale=values["cartoon_scale"],
        cell=values["pixel_cell"],
    )
    settings = PrepareSettings(
        common, drawn, values["edges"], values["saliency"], values["workers"]
    )
    report = prepare(photos, cartoons, output, rights, settings)
    for text in report.warnings:
        click.echo(f"trainer: warning: {text}", err=True)
    for record in (report.photos, report.cartoons):
        dropped = ", ".join(f"{count} {reason}" for reason, count in record.dropped.items())
        click.echo(
            f"{record.count} {record.name} in {output / record.name}, {record.held_out} held out"
            f"{f', dropped: {dropped}' if dropped else ''}",
            err=True,
        )


@main.command()
@click.option("--model", default="student", show_default=True, help="What to train.")
@click.option("--data", "pairs", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", "run", required=True, type=click.Path(path_type=Path))
@click.option("--style", default="shinkai", show_default=True)
@click.option("--tier", default="small", show_default=True)
@click.option("--preset", type=click.Choice(sorted(PRESETS)), default="paper", show_default=True)
@click.option("--budget", default=0.0, help="Seconds of work after which to finish, 0 = no limit.")
@click.option("-p", "parameters", multiple=True, help="KEY=VALUE of the recipe, repeatable.")
@click.option("--evaluate/--no-evaluate", default=True, show_default=True)
def train(
    model: str,
    pairs: Path,
    run: Path,
    style: str,
    tier: str,
    preset: str,
    budget: float,
    parameters: tuple[str, ...],
    evaluate: bool,
) -> None:
    """Train a model; the same command again goes on where it stopped.

    Example: python -m trainer train --data pairs/shinkai -o runs/shinkai-small --tier small
    """
    from trainer.recipes import RECIPES

    if model not in RECIPES:
        raise click.BadParameter(f"{model!r} is none of {', '.join(RECIPES)}", param_hint="--model")
    from trainer.loop import train as run_training

    config = StudentTraining(pairs=str(pairs), style=style, tier=tier, budget_s=budget)
    config = config.with_parameters((*PRESETS[preset], *parameters))
    click.echo(json.dumps(run_training(config, run, evaluate=evaluate)))


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
def status(run: Path) -> None:
    """Print the last line of a run's journal."""
    journal = run / "log.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    click.echo(lines[-1] if lines else "no steps yet")


@main.command()
@click.argument("run", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Style the weights draw.")
@click.option("--title", default="")
@click.option("--description", default="")
@click.option("--license", "licence", required=True, help="Of the weights, SPDX or text.")
@click.option("--license-data", "data", required=True, help="Rights of the training pictures.")
def export(
    run: Path, output: Path, name: str, title: str, description: str, licence: str, data: str
) -> None:
    """Write the averaged student of RUN as a weights file."""
    from trainer.export import export_student

    export_student(
        run,
        output,
        name=name,
        title=title or name,
        description=description,
        licence=licence,
        data=data,
    )


for command in WEIGHTS_COMMANDS:
    main.add_command(command)
main.add_command(evaluate)
main.add_command(eval_video)
main.add_command(gates)
main.add_command(study)


def entry() -> None:
    """Run, turning our errors into one line and their exit code."""
    try:
        main()
    except LivecartoonError as error:
        click.echo(f"trainer: error{error}", err=True)
        for remedy in error.remedies:
            click.echo(f"  try: {remedy}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    entry()
