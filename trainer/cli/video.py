"""`trainer eval-video`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path, exists=True)
GATE_EXIT = 3
COLUMNS = ("R_E", "E", "E_per_frame", "E_input", "valid", "tOF", "gamma", "trail_length", "S")
MORE = ("laplace", "pulse", "delay", "cuts")


@click.command(name="eval-video")
@click.argument("inputs", metavar="IN", type=FOLDER)
@click.argument("outputs", metavar="OUT", nargs=-1, required=True)
@click.option("--per-frame", type=FOLDER, help="The same frames without temporal code.")
@click.option("--flow", default="dis", show_default=True, help="dis or farneback.")
@click.option("--frames", default=120, show_default=True, help="Most frames to judge, 0 = all.")
@click.option("--start", default=0, show_default=True, help="First frame.")
@click.option("--gate/--no-gate", default=False, help="Exit 3 if a temporal gate is missed.")
@click.option("--json", "report", type=click.Path(path_type=Path), help="Report, - = stdout.")
def eval_video(
    inputs: Path,
    outputs: tuple[str, ...],
    per_frame: Path | None,
    flow: str,
    frames: int,
    start: int,
    gate: bool,
    report: Path | None,
) -> None:
    """Judge videos or folders of frames OUT, drawn from IN: steadiness, ghosts, sharpness.

    OUT may be given as NAME=PLACE, several times; the flow of IN is found once for all.
    Frames before encoding are best: a codec adds errors of its own.

    Example: python -m trainer eval-video in.mp4 blend=frames_blend/ --per-frame frames_off/
    """
    from trainer.metrics.frames import read_frames
    from trainer.metrics.motion import open_estimator
    from trainer.metrics.record import new_record
    from trainer.metrics.video import Clip, SharedFlow, judge_clip, missed_temporal_gates

    estimate = SharedFlow(open_estimator(flow))
    source = read_frames(inputs, frames, start)
    drawn = None if per_frame is None else read_frames(per_frame, frames, start)
    clips, missed = [], {}
    for text in outputs:
        name, separator, place = text.partition("=")
        shown = read_frames(Path(place if separator else text), frames, start)
        figures = judge_clip(
            Clip(name if separator else Path(text).stem, source, shown, drawn), estimate
        )
        clips.append(figures)
        missed[figures["clip"]] = missed_temporal_gates(figures) if drawn is not None else []
    record = new_record("eval-video", 0) | {"flow": flow, "video": clips, "missed": missed}
    fails = gate and any(missed.values())
    record |= {"ok": not fails, "exit_code": GATE_EXIT if fails else 0}
    _show(record, report)
    if fails:
        sys.exit(GATE_EXIT)


def _show(record: dict[str, Any], report: Path | None) -> None:
    content = json.dumps(record, indent=1, allow_nan=False) + "\n"
    if report is not None and str(report) == "-":
        click.echo(content, nl=False)
        return
    columns = ("clip", *COLUMNS, "phi ratio", *MORE)
    click.echo("| " + " | ".join(columns) + " |")
    click.echo("|---|" + "---:|" * (len(columns) - 1))
    for clip in record["video"]:
        values = [clip[key] for key in COLUMNS]
        values += [clip["phi"]["ratio"], *(clip[key] for key in MORE)]
        click.echo(f"| {clip['clip']} | " + " | ".join(map(_cell, values)) + " |")
    for name, gates in record["missed"].items():
        for text in gates:
            click.secho(f"{name} misses {text}", fg="red")
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(content, encoding="utf-8")


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3g}"
