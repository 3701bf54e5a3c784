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
from trainer.cli.evaluate import apart, evaluate, gates
from trainer.cli.study import study
from trainer.cli.video import eval_video
from trainer.cli.weights import WEIGHTS_COMMANDS

PLACE = click.Path(path_type=Path)


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
@click.option(
    "--style", "styles", multiple=True, default=("shinkai",), show_default=True, help="Repeatable."
)
@click.option("--held-out", is_flag=True, help="Keep all of them from training: to judge by.")
@click.option("--people", type=click.Path(path_type=Path, exists=True), help="List of file names.")
@click.option("--workers", default=1, show_default=True)
def targets(
    photos: tuple[Path, ...],
    output: Path,
    styles: tuple[str, ...],
    held_out: bool,
    people: Path | None,
    workers: int,
) -> None:
    """Make designed targets from PHOTOS: pictures, folders or lists of paths (.txt).

    Several styles get a folder each within the output; what they share is made once.

    Example: python -m trainer targets photos/ -o pairs/shinkai --style shinkai
    """
    from trainer.data.folder import find_pictures, write_people
    from trainer.targets import make_targets

    found = find_pictures(photos)
    folders = {s: output / s if len(styles) > 1 else output for s in styles}
    make_targets(found, folders, held_out=held_out, workers=workers)
    if people is not None:
        names = set(people.read_text(encoding="utf-8").split())
        for folder in folders.values():
            write_people(folder, [p for p in found if p.name in names], held_out)
    click.echo(f"{len(found)} photos, pairs in {output}", err=True)


class Duration(click.ParamType[float]):
    """Seconds, or with a unit: 90s, 20m, 1.5h."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """In seconds."""
        text = str(value)
        unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
        try:
            return float(text[:-1]) * unit if unit else float(text)
        except ValueError:
            self.fail(f"{value!r} is no time such as 90s or 20m", param, ctx)


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
@click.option("--model", default="student", show_default=True, help="What to train, see --list.")
@click.option("--list", "is_list", is_flag=True, help="Print what can be trained.")
@click.option("--data", default="", help="Folder made by `prepare`; for students, by `targets`.")
@click.option("-o", "--output", "run", type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--style", default="shinkai", show_default=True, help="Of a student.")
@click.option("--tier", default="small", show_default=True, help="Of a student.")
@click.option(
    "--preset", type=click.Choice(["smoke", "lite", "paper"]), help="Default: lite for -tiny."
)
@click.option("--features", default="", help="File of a perceptual network, such as a VGG19.")
@click.option("--faithful", is_flag=True, help="Keep the quirks of the published code.")
@click.option("--budget", type=Duration(), default="0", help="Work after which to finish: 20m.")
@click.option("-p", "parameters", multiple=True, help="KEY=VALUE of the recipe, repeatable.")
@click.option("--evaluate/--no-evaluate", default=True, show_default=True)
def train(
    model: str,
    is_list: bool,
    data: str,
    run: Path | None,
    preset: str | None,
    evaluate: bool,
    **options: Any,  # noqa: ANN401  click's
) -> None:
    """Train a model; the same command again goes on where it stopped.

    Example: python -m trainer train --model cartoongan-tiny --data pepper -o runs/cartoongan
    """
    from trainer.recipes import models

    if is_list:
        click.echo("\n".join(models()))
        return
    if run is None or not data:
        raise click.UsageError("--data and -o are needed")
    from trainer.loop import train as run_training
    from trainer.options import training

    preset = preset or ("lite" if model.endswith("-tiny") else "paper")
    config = training(model, data, preset, **options)
    try:
        click.echo(json.dumps(run_training(config, run, evaluate=evaluate)))
    except KeyboardInterrupt:
        click.echo(f"trainer: stopped and saved, the same command goes on in {run}", err=True)
        sys.exit(130)


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
    """Write what RUN has trained, by its averaged parameters, as a weights file."""
    from trainer.trained import model_of, read_trained

    rights = {"title": title or name, "description": description}
    if model_of(run) == "student":
        from trainer.export import export_student

        export_student(run, output, name=name, licence=licence, data=data, **rights)
        return
    from trainer.export_paper import export_generator

    trained = read_trained(run)
    header = {"style": name, "license": licence, "license_data": data} | rights
    export_generator(trained.generator, output, **(trained.header | header))  # type: ignore[arg-type]  # texts only


for command in WEIGHTS_COMMANDS:
    main.add_command(command)
main.add_command(evaluate)
main.add_command(eval_video)
main.add_command(gates)
main.add_command(apart)
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
