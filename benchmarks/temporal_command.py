"""The `temporal` benchmark: runs, prints a table, draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import temporal, temporal_clips
from benchmarks.temporal_footage import WORSE
from benchmarks.temporal_pictures import chart, save, side_by_side, time_slice
from benchmarks.temporal_scenes import CASES
from benchmarks.temporal_scores import make_clip, steady
from benchmarks.temporal_styles import TOUCHY, open_style, style_names
from livecartoon.errors import UsageError
from livecartoon.temporal import open_temporal

Echo = Callable[[str], Any]
SLICED = ("static", "handheld", "fg_slow")
"""Drawn clips worth a slice through time."""


def measure_drawn(
    echo: Echo,
    styles: Sequence[str],
    cases: Sequence[str],
    worse: Sequence[str],
    frames: int,
    size: str,
    pictures: Path | None,
) -> dict[str, Any]:
    """Score the drawn clips behind each style and return the figures."""
    _check(cases, CASES, "case")
    width, height = (int(side) for side in size.split("x"))
    figures: dict[str, Any] = {"styles": {}, "is_good": True}
    for style in _checked_styles(styles) or [TOUCHY]:
        echo(f"{style}\n{temporal.heading()}")
        found = temporal.run(
            tuple(cases) or tuple(CASES),
            frames,
            width,
            height,
            style=style,
            on_row=lambda row: echo(temporal.line(row)),
        )
        figures["is_good"] &= found.pop("is_good")
        figures["styles"][style] = found
        if pictures is not None:
            _draw(pictures, style, found)
    return figures


def measure_clips(
    clips: Sequence[Path],
    echo: Echo,
    styles: Sequence[str],
    cases: Sequence[str],
    worse: Sequence[str],
    frames: int,
    size: str,
    pictures: Path | None,
) -> dict[str, Any]:
    """Score real clips behind each style and return the figures."""
    _check(worse, WORSE, "worse")
    chosen = _checked_styles(styles) or style_names()[1:]
    echo(temporal_clips.heading())
    figures = temporal_clips.run(
        clips,
        chosen,
        worse,
        frames,
        pictures=pictures,
        on_row=lambda row: echo(temporal_clips.line(row)),
    )
    if pictures is not None:
        for style in chosen:
            values = {
                clip: {mode: found["r_e"] for mode, found in rows[style].items()}
                for clip, rows in figures["clips"].items()
            }
            save(pictures / f"clips-{style}.png", chart(values, f"warp error, {style}"))
    return figures


def _draw(folder: Path, style: str, found: dict[str, Any]) -> None:
    """Save a chart of the warp error and slices of a few clips."""
    values = {
        case: {mode: scores["r_e"] for mode, scores in rows.items()}
        for case, rows in found["cases"].items()
    }
    save(folder / f"drawn-{style}.png", chart(values, f"warp error, drawn clips, {style}"))
    width, height = found["width"], found["height"]
    with open_style(style, width, height) as draw:
        for case in set(SLICED) & set(values):
            clip = make_clip(case, found["frames"], width, height, draw=draw)
            slices = {
                "noise-free": time_slice(clip.truth),
                "per frame": time_slice(clip.styled),
                temporal.CONTROL: time_slice(steady(clip, temporal.RunningMean())),
            }
            for mode in ("blend", "flow", "auto"):
                slices[mode] = time_slice(steady(clip, open_temporal(mode, 0.6)))
            save(folder / f"drawn-{style}-{case}-xt.png", side_by_side(slices))


def _checked_styles(styles: Sequence[str]) -> list[str]:
    _check(styles, style_names(), "style")
    return list(styles)


def _check(given: Sequence[str], known: Any, what: str) -> None:  # noqa: ANN401  any container
    for name in given:
        if name not in known:
            raise UsageError("E201", f"no {what} {name!r}", f"one of {', '.join(known)}")
