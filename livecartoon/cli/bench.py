"""`livecartoon bench`: how fast this machine is."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from livecartoon.cli.flags import FILE, command, flag
from livecartoon.cli.options import BACKEND_NAMES, STYLE_FLAGS, engine_options
from livecartoon.cli.session import Session, current, to_json
from livecartoon.cli.values import SIZE, TIME, Named
from livecartoon.errors import InputError, OutputError
from livecartoon.size import SizeRule

WIDE = (1920, 1080)
MARK_SHARE = 0.05
"""Changes beyond that are pointed out by --compare."""


def bench_flags(made: Any) -> Any:
    """Add the look and engine flags but --backend, which may be repeated here."""
    for add in STYLE_FLAGS:
        made = add(made)
    made.params = [p for p in made.params if p.name != "backend"]
    return made


@flag("-o", "--output", type=FILE, help="Write the JSON document here too.")
@flag("--compare", type=FILE, help="An earlier document: mark what changed.")
@flag("--stages", is_flag=True, help="Show the time of every stage.")
@flag("--seconds", type=TIME, default="10", help="For each size and backend.")
@flag("--backend", "backends", type=Named(BACKEND_NAMES[1:]), multiple=True, help="Repeatable.")
@flag("--size", "sizes", type=SIZE, multiple=True, default=("720p",), help="Repeatable.")
@bench_flags
@command("bench")
def bench(
    sizes: tuple[SizeRule, ...],
    backends: tuple[str, ...],
    seconds: Fraction,
    stages: bool,
    compare: Path | None,
    output: Path | None,
    **values: Any,
) -> None:
    """Measure the network alone and whole conversions on this machine.

    \b
    Examples:
      livecartoon bench --seconds 4 --backend openvino
      livecartoon bench --seconds 2 --size 360p -s classic --stages
    """
    from livecartoon.jobs.bench import BenchSettings
    from livecartoon.jobs.bench import bench as measure
    from livecartoon.jobs.machine import machine_facts

    session = current()
    old = _read_old(compare) if compare else []
    options = engine_options(session, values | {"backend": "auto"})
    settings = BenchSettings(
        tuple(size.resolve(*WIDE) for size in sizes), backends, max(0.1, float(seconds))
    )
    runs = measure(settings, options, lambda n, of, text: session.say(f"{n + 1}/{of} {text}"))
    for run in runs:
        session.result(_line(run, old))
        if stages:
            parts = "  ".join(f"{name} {ms:.1f} ms" for name, ms in run["stage_ms"].items())
            session.result(f"    {parts}")
    fields: dict[str, Any] = {"machine": machine_facts(), "runs": runs, "engine": _engine(runs[0])}
    if output is not None:
        _write(session, output, fields)
    session.finish(**fields)


def _engine(run: dict[str, Any]) -> dict[str, Any]:
    return {
        "device": run["device"],
        "name": run["device"],
        "backend": run["backend"],
        "precision": run["precision"],
        "fallback_reason": None,
        "engine_key": None,
    }


def _line(run: dict[str, Any], old: list[dict[str, Any]]) -> str:
    width, height = run["size"]
    rates, latency = run["fps_end_to_end"], run["latency_ms"]
    text = (
        f"{run['style']} {run['tier']} {width}x{height} {run['backend']} {run['precision']}  "
        f"end to end {rates['median']:.1f} fps ({rates['min']:.1f}..{rates['max']:.1f})  "
        f"network {run['fps_network']:.1f} fps  p95 {latency['p95']:.1f} ms"
    )
    same = [o for o in old if all(o.get(k) == run[k] for k in _IDENTITY)]
    if not same:
        return text
    before = same[0]["fps_end_to_end"]
    change = rates["median"] / before["median"] - 1
    apart = rates["min"] > before["max"] or rates["max"] < before["min"]
    word = ("faster" if change > 0 else "SLOWER") if apart and abs(change) > MARK_SHARE else "same"
    return f"{text}  {change:+.1%} {word}"


_IDENTITY = ("style", "tier", "size", "backend", "precision")


def _read_old(path: Path) -> list[dict[str, Any]]:
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
        for run in runs:
            rates = run["fps_end_to_end"]
            if not all(float(rates[key]) > 0 for key in ("median", "min", "max")):
                raise ValueError("rates must be positive")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "E302", f"{path} is no bench document ({error})", "livecartoon bench -o FILE makes one"
        ) from error
    return list(runs)


def _write(session: Session, path: Path, fields: dict[str, Any]) -> None:
    document = session.document(0) | fields
    try:
        path.write_text(json.dumps(document, indent=2, default=to_json) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(
            "E402", f"{path} cannot be written ({error.strerror})", "-o another file"
        ) from error
    session.say(f"saved {path}")
