"""`trainer study make` and `trainer study score`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path, exists=True)


@click.group()
def study() -> None:
    """Blind preference studies: make a page, score the raters' answers."""


@study.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--photos", required=True, type=FOLDER, help="Folder or .txt list.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--pictures", default=30, show_default=True, help="Photos to show.")
@click.option("--raters", default=20, show_default=True, type=click.IntRange(1))
@click.option("--trials", default=30, show_default=True, help="Pairs per rater and question.")
@click.option("--size", default=384, show_default=True, type=click.IntRange(96))
@click.option("--seed", default=0, show_default=True)
def make(
    models: tuple[str, ...],
    photos: Path,
    output: Path,
    pictures: int,
    raters: int,
    trials: int,
    size: int,
    seed: int,
) -> None:
    """Write OUTPUT/study.html for the raters and OUTPUT/key.json to keep.

    MODELS as in `trainer eval`: NAME=FOLDER, NAME=WEIGHTS or NAME=STYLE:TIER, two or more.
    """
    from trainer.metrics.candidates import open_candidate
    from trainer.metrics.pictures import read_set
    from trainer.study.page import write_study
    from trainer.study.trials import plan

    shown = read_set(photos, size, pictures)
    candidates = [open_candidate(text, shown, size) for text in models]
    results = {candidate.name: candidate.pictures for candidate in candidates}
    if len(results) < 2:
        raise click.UsageError("a study compares two models or more, of different names")
    stems = [s for s in shown.pictures if all(s in found for found in results.values())]
    if not stems:
        raise click.UsageError("no photo has a result of every model")
    plans = plan(stems, list(results), raters, trials, seed)
    write_study(output, {s: shown.pictures[s] for s in stems}, results, plans, seed)
    per_pair = raters * trials * 2 // (len(results) * (len(results) - 1))
    click.echo(
        f"{output / 'study.html'}: {len(stems)} photos, {len(results)} models, about {per_pair} "
        f"judgements per pair and question from {raters} raters; keep {output / 'key.json'}"
    )


@study.command()
@click.argument("key", type=FOLDER)
@click.argument("answers", nargs=-1, required=True, type=FOLDER)
@click.option("--json", "report", type=click.Path(path_type=Path), help="Report, - = stdout.")
@click.option("--seed", default=0, show_default=True)
def score(key: Path, answers: tuple[Path, ...], report: Path | None, seed: int) -> None:
    """Strengths of the models from KEY and the raters' CSV files."""
    from trainer.metrics.record import new_record
    from trainer.study.page import read_answers
    from trainer.study.scores import score as judge

    models, found = read_answers(key, answers)
    figures = judge(found, models, seed)
    content = json.dumps(new_record("study score", seed) | figures, indent=1, allow_nan=False)
    if report is not None and str(report) == "-":
        click.echo(content)
        return
    _show(figures)
    if report is not None:
        report.write_text(content + "\n", encoding="utf-8")


def _show(figures: dict[str, Any]) -> None:
    click.echo(f"{figures['kind']}: {figures['raters']} raters, {len(figures['dropped'])} dropped")
    for question in figures["questions"]:
        click.echo(f"\nQuestion {question['question']}\n")
        click.echo(
            "| model | log strength | 95 % | share of wins | 95 % |\n|---|---:|---:|---:|---:|"
        )
        for row in question["rows"]:
            log = row["log"]
            share = row["wins"] / row["judged"] if row["judged"] else 0.0
            low, high = row["share"] or (0.0, 1.0)
            click.echo(
                f"| {row['model']} | {log['value']:.2f} | {log['lo']:.2f} .. {log['hi']:.2f} "
                f"| {share:.2f} | {low:.2f} .. {high:.2f} |"
            )
