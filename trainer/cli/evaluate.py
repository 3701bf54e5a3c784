"""`trainer eval`, `trainer gates` and `trainer apart`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from trainer.config import StudentTraining

FOLDER = click.Path(path_type=Path, exists=True)
EXTRACTORS = "rand-v1, stats-v1, or squeezenet, vgg19, inception, art-inception =FILE"
GATE_EXIT = 3


@click.command(name="eval")
@click.argument("models", nargs=-1)
@click.option("--photos", required=True, type=FOLDER, help="Folder or .txt list.")
@click.option("--cartoons", required=True, type=FOLDER, help="Folder or .txt list.")
@click.option("--extractor", default="rand-v1", show_default=True, help=EXTRACTORS)
@click.option("--lpips", help="NETWORK=BACKBONE[,HEADS]: alex, vgg16 or squeezenet.")
@click.option("--n", default=790, show_default=True, help="Most photos to use, 0 = all.")
@click.option("--size", default=256, show_default=True, type=click.IntRange(96))
@click.option("--draw-size", default=0, help="Side at which networks draw, 0 = --size.")
@click.option("--resamples", default=200, show_default=True, help="Draws for the intervals.")
@click.option("--seed", default=0, show_default=True)
@click.option("--layout", "layouts", multiple=True, help="Also in a paper's layout; repeatable.")
@click.option("--gate", "gates", multiple=True, help="MODEL.KEY<=VALUE or >=; exit 3 if missed.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of table.md, .csv.")
@click.option("--json", "report", type=click.Path(path_type=Path), help="Report, - = stdout.")
@click.option("--sheet", type=click.Path(path_type=Path), help="PNG: photos and every row.")
def evaluate(
    models: tuple[str, ...],
    lpips: str | None,
    layouts: tuple[str, ...],
    gates: tuple[str, ...],
    output: Path | None,
    report: Path | None,
    sheet: Path | None,
    **options: Any,  # noqa: ANN401  click's values, checked by the config
) -> None:
    """Compare MODELS in one table: NAME=FOLDER of results, NAME=WEIGHTS or NAME=STYLE:TIER.

    Weights are .safetensors of ours or CartoonGAN's .npz. Results belong to the photo of the
    same file name. The photos themselves and a part of the cartoons are always rows.

    Example: python -m trainer eval --photos photos --cartoons art ours=shinkai:small gan=out/
    """
    from trainer.metrics.evaluation import EvaluationConfig
    from trainer.metrics.evaluation import evaluate as measure
    from trainer.metrics.gating import missed_gates
    from trainer.metrics.layouts import comma_separated, markdown, paper_layout
    from trainer.metrics.published import PUBLISHED

    for name in layouts:
        if name not in PUBLISHED:
            raise click.BadParameter(f"{name!r} is none of {', '.join(PUBLISHED)}")
    config = EvaluationConfig(models=models, perceptual=_perceptual(lpips), **options)
    found = measure(config, sheet)
    document = found.as_json()
    missed = missed_gates(gates, document["rows"])
    document |= {"ok": not missed, "exit_code": GATE_EXIT if missed else 0, "missed": missed}
    kind = document["extractor"]["kind"]
    text = markdown(found.rows, document, document["differences"])
    text = "\n".join([text, *(paper_layout(name, found.rows, kind) for name in layouts)])
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "table.md").write_text(text, encoding="utf-8")
        (output / "table.csv").write_text(comma_separated(found.rows, kind), encoding="utf-8")
    _show(text, document, report)
    for gate in missed:
        click.secho(f"missed: {gate}", fg="red", err=True)
    if missed:
        sys.exit(GATE_EXIT)


@click.command()
@click.argument("run", type=FOLDER)
@click.option("--data", "pairs", type=FOLDER)
def gates(run: Path, pairs: Path | None) -> None:
    """Judge the averaged student of RUN on its held-out pairs."""
    from trainer.data.pairs import read_pairs
    from trainer.finished import averaged_student
    from trainer.metrics.gates import judge
    from trainer.state import averaged_tensors

    config = StudentTraining.read(run / "config.toml")
    held_out = read_pairs(pairs or Path(config.pairs), "h")
    figures = judge(averaged_student(averaged_tensors(run), config.tier), held_out)
    (run / "metrics.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    click.echo(json.dumps(figures))


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--photos", required=True, type=FOLDER, help="Folder or .txt list.")
@click.option("--n", "count", default=0, show_default=True, help="Most photos to use, 0 = all.")
@click.option("--draw-size", default=384, show_default=True, type=click.IntRange(96))
def apart(models: tuple[str, ...], photos: Path, count: int, draw_size: int) -> None:
    """How far MODELS lie from each other at a glance: OKLab distances and edges, in one table.

    Example: python -m trainer apart shinkai:small hayao:small ink:small --photos photos/
    """
    from trainer.metrics.apart import apart_table, styles_apart

    found = styles_apart(models, photos, count=count, draw_size=draw_size)
    click.echo(apart_table(*found), nl=False)


def _perceptual(text: str | None) -> tuple[str, str, str] | None:
    if text is None:
        return None
    network, _, places = text.partition("=")
    backbone, _, heads = places.partition(",")
    return network, backbone, heads


def _show(text: str, document: dict[str, Any], report: Path | None) -> None:
    """Table on stdout and JSON in a file; or JSON alone on stdout."""
    content = json.dumps(document, indent=1, allow_nan=False) + "\n"
    if report is not None and str(report) == "-":
        click.echo(content, nl=False)
        return
    click.echo(text, nl=False)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(content, encoding="utf-8")
