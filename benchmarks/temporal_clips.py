"""Steadiness on real clips behind the trained networks, as the camera gave them and made worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks.temporal import CONTROL, RunningMean
from benchmarks.temporal_footage import WORSE, Footage, read
from benchmarks.temporal_metrics import ClipScores, score, track
from benchmarks.temporal_pictures import change_map, close_up, save, side_by_side, time_slice
from benchmarks.temporal_styles import open_style
from livecartoon.frame import Pixels
from livecartoon.temporal import TEMPORAL, open_temporal

#: Metric -> bound, for blend where the camera rests and for flow where it moves.
GATES = {"ghost": 0.02, "sharp_low": 0.95, "sharp_high": 1.05}
RE_GATES = {"rests": 0.5, "moves": 0.6}


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One line of the table."""

    clip: str
    style: str
    mode: str
    followed: float
    """Share of the frames along the motion."""
    camera: str
    """ "moves" or "rests", as `auto` sees it."""
    scores: ClipScores
    failures: list[str]


def compare(
    paths: Sequence[Path],
    styles: Sequence[str],
    worse: Sequence[str],
    count: int,
    pictures: Path | None = None,
) -> Iterator[ClipRow]:
    """Score every mode behind every style on every clip, as it is and in each worse form."""
    for path in paths:
        footage = read(path, count)
        tracks = track(footage.frames)
        for variant in (footage, *(WORSE[name](footage) for name in worse)):
            height, width = variant.frames[0].shape[:2]
            for style in styles:
                with open_style(style, width, height) as draw:
                    drawn = [draw(frame) for frame in variant.frames]
                shown = {mode: _steady(variant, drawn, mode) for mode in _modes()}
                moves = shown["auto"][1] > 0.5
                for mode, (frames, followed) in shown.items():
                    scores = score(tracks, variant.frames, drawn, frames)
                    camera = "moves" if moves else "rests"
                    missed = failures(scores, camera)
                    yield ClipRow(variant.name, style, mode, followed, camera, scores, missed)
                if pictures is not None:
                    stem = pictures / f"{variant.name}-{style}"
                    _draw(stem, variant, drawn, {m: frames for m, (frames, _) in shown.items()})


def failures(scores: ClipScores, camera: str) -> list[str]:
    """Return the gates missed."""
    missed = []
    if scores.r_e > RE_GATES[camera]:
        missed.append(f"r_e {scores.r_e:.2f}")
    if scores.ghost > GATES["ghost"]:
        missed.append(f"ghost {scores.ghost:.3f}")
    if not GATES["sharp_low"] <= scores.sharp <= GATES["sharp_high"]:
        missed.append(f"sharp {scores.sharp:.3f}")
    if scores.flick > scores.flick_source:
        missed.append(f"flick {scores.flick:.2f} > source {scores.flick_source:.2f}")
    return missed


def run(
    paths: Sequence[Path],
    styles: Sequence[str],
    worse: Sequence[str],
    count: int,
    *,
    pictures: Path | None = None,
    on_row: Callable[[ClipRow], None] = lambda row: None,
) -> dict[str, Any]:
    """Score all and return the figures."""
    figures: dict[str, Any] = {"frames": count, "clips": {}}
    for row in compare(paths, styles, worse, count, pictures):
        on_row(row)
        values = {key: round(value, 4) for key, value in asdict(row.scores).items()}
        values |= {"followed": round(row.followed, 3), "missed": row.failures}
        clip = figures["clips"].setdefault(row.clip, {"camera": row.camera})
        clip.setdefault(row.style, {})[row.mode] = values
    return figures


def heading() -> str:
    """Return the first line of the table."""
    names = "".join(f"{field.name[-8:]:>9}" for field in fields(ClipScores))
    return f"{'clip':32}{'style':14}{'mode':8}{'flow':>5}{names}  missed"


def line(row: ClipRow) -> str:
    """Return one line of the table."""
    values = "".join(f"{value:9.3f}" for value in asdict(row.scores).values())
    start = f"{row.clip:32}{row.style:14}{row.mode:8}{row.followed:5.2f}"
    return f"{start}{values}  {'; '.join(row.failures) or '-'}"


def _modes() -> list[str]:
    return [CONTROL, *sorted(set(TEMPORAL) - {"off"})]


def _steady(footage: Footage, drawn: list[Pixels], mode: str) -> tuple[list[Pixels], float]:
    """Return what a mode shows and the share of frames it followed the motion."""
    filter_ = RunningMean() if mode == CONTROL else open_temporal(mode, 0.6)
    shown, methods = [], Counter[str]()
    for source, styled, seconds in zip(footage.frames, drawn, footage.seconds, strict=True):
        shown.append(filter_(source, styled, seconds))
        methods[filter_.method] += 1
    return shown, methods["flow"] / len(shown)


def _draw(
    stem: Path, footage: Footage, drawn: list[Pixels], shown: dict[str, list[Pixels]]
) -> None:
    """Save the slice through time, a close-up of each mode, and where each still changes."""
    all_ = {"source": footage.frames, "per frame": drawn, **shown}
    slices = {name: time_slice(frames) for name, frames in all_.items()}
    save(stem.with_name(f"{stem.name}-xt.png"), side_by_side(slices))
    middles = {name: close_up(frames[len(frames) // 2]) for name, frames in all_.items()}
    save(stem.with_name(f"{stem.name}-strip.png"), side_by_side(middles))
    changes = {name: change_map(frames) for name, frames in all_.items()}
    save(stem.with_name(f"{stem.name}-change.png"), side_by_side(changes))
