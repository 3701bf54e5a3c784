"""Does anti-flicker remove flicker and nothing else? Scores and gates on drawn clips.

The control, a plain running mean, must fail every gate: a gate it passes measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from benchmarks.temporal_scenes import CASES, Floats
from benchmarks.temporal_scores import Scores, make_clip, score, steady
from benchmarks.temporal_styles import TOUCHY, open_style
from livecartoon.frame import Pixels
from livecartoon.temporal import TEMPORAL, Temporal, open_temporal

CONTROL = "ema0.5"

#: Case -> mode -> metric -> largest value, or for "sharp" and "d_psnr" the smallest.
GATES: dict[str, dict[str, dict[str, float]]] = {
    "static": {
        "blend": {"r_e": 0.04, "d_psnr": 5.5, "sharp": 0.95, "flick": 0.5},
        "flow": {"r_e": 0.04, "d_psnr": 5.5, "sharp": 0.95, "flick": 0.5},
    },
    "codec": {"blend": {"r_e": 0.14, "d_psnr": 2.3}, "flow": {"r_e": 0.18, "d_psnr": 2.1}},
    "handheld": {
        "blend": {"r_e": 1.0, "ghost": 0.05, "d_psnr": -0.2},
        "flow": {"r_e": 0.40, "ghost": 0.04, "sharp": 0.96, "d_psnr": 0.0},
    },
    "pan": {
        "blend": {"ghost": 0.01, "d_psnr": -0.5},
        "flow": {"r_e": 0.60, "ghost": 0.02, "sharp": 0.96, "d_psnr": -0.2},
    },
    "fg_fast": {
        "blend": {"ghost": 0.02, "trail": 0.25, "r_e": 0.30, "sharp": 0.95, "d_psnr": 2.5},
        "flow": {"ghost": 0.02, "trail": 0.25, "r_e": 0.30, "sharp": 0.95, "d_psnr": 2.5},
    },
    "fg_slow": {
        "blend": {"ghost": 0.01, "trail": 0.10, "r_e": 0.30, "d_psnr": 3.5},
        "flow": {"ghost": 0.04, "trail": 0.35, "r_e": 0.20, "d_psnr": 2.3},
    },
    "fg_faint": {"blend": {"trail": 0.0, "d_psnr": 5.0, "ghost": 0.32}},
    "faint_clean": {"blend": {"ghost": 0.08, "d_psnr": 3.0}},
    "exposure": {"blend": {"r_e": 0.50, "ghost": 0.20, "d_psnr": 2.0}},
    "dissolve": {"blend": {"ghost": 0.03, "d_psnr": 0.0}, "flow": {"ghost": 0.08}},
    "flash": {"blend": {"cut": 0.0, "ghost": 0.002}, "flow": {"cut": 0.0, "ghost": 0.002}},
    "cut": {"blend": {"cut": 0.0, "ghost": 0.002}, "flow": {"cut": 0.0, "ghost": 0.002}},
}
_LEAST_VISIBLE = 0.75
"""Levels, RMS."""
_LEAST_MEASURED = 0.1
"""Levels: a bound of none, for networks. Their own error is a fraction of a level, and pictures of
whole levels move the mean of an error by hundredths."""
MOVING_CAMERA = ("handheld", "pan")
_AT_LEAST = ("sharp", "d_psnr")
_NEVER_WORSE = {"d_psnr": -0.5}
"""For every case and mode: a filter may do nothing, it may never do harm."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    case: str
    mode: str
    scores: Scores
    failures: list[str]


class RunningMean:
    """The control: half the past, half the present, whatever moves."""

    def __init__(self) -> None:
        self._mean: Floats | None = None

    @property
    def method(self) -> str:
        """The control's name."""
        return CONTROL

    def __call__(self, source: Pixels, styled: Pixels, seconds: float) -> Pixels:
        """Return the mean of `styled` and the past."""
        now = styled.astype(np.float32)
        self._mean = now if self._mean is None else 0.5 * (self._mean + now)
        return (self._mean + 0.5).astype(np.uint8)

    def reset(self) -> None:
        """Forget the past."""
        self._mean = None


def gates_of(case: str, mode: str, style: str = TOUCHY) -> dict[str, float]:
    """Return metric -> bound; `auto` must do as well as the mode it should take there.

    The trained networks hardly flicker: within two levels of the noise-free style as they are,
    they cannot come nearer by many dB, and most of their warp error moves with the picture.
    Of them it is asked that the error does not grow where it shrinks for the touchy style, grows
    by less than a level anywhere, times the contrast that the style adds, and that of the
    removable part of the warp error as much goes.
    """
    if mode == CONTROL:
        mode = "blend"
    elif mode == "auto":
        mode = "flow" if case in MOVING_CAMERA else "blend"
    gates = _NEVER_WORSE | GATES[case].get(mode, {})
    if style != TOUCHY:
        gains = gates.pop("d_psnr") > 0
        gates["harm_per_contrast"] = _LEAST_MEASURED if gains else _LEAST_VISIBLE
        if "trail" in gates:
            gates["trail"] = max(gates["trail"], _LEAST_MEASURED)
        if "r_e" in gates:
            gates["removable"] = gates.pop("r_e")
    return gates


def failures(
    case: str, mode: str, scores: Scores, slack: float = 1.0, style: str = TOUCHY
) -> list[str]:
    """Return the gates of `mode` that `scores` miss; `slack` widens them (small pictures)."""
    missed = []
    for metric, bound in gates_of(case, mode, style).items():
        value = getattr(scores, metric)
        allowed = bound + (slack - 1) * abs(bound) * (-1 if metric in _AT_LEAST else 1)
        is_met = value >= allowed if metric in _AT_LEAST else value <= allowed
        if not is_met:
            missed.append(f"{metric} {value:.3f}, gate {allowed:.3f}")
    return missed


def compare(
    cases: Sequence[str], count: int, width: int, height: int, style: str = TOUCHY
) -> Iterator[Row]:
    """Score the control and every mode of ours on every case; the control has blend's gates."""
    makers: dict[str, Callable[[], Temporal]] = {CONTROL: RunningMean}
    for name in sorted(set(TEMPORAL) - {"off"}):
        makers[name] = lambda name=name: open_temporal(name, 0.6)  # type: ignore[misc]
    with open_style(style, width, height) as draw:
        for case in cases:
            clip = make_clip(case, count, width, height, draw=draw)
            for mode, make in makers.items():
                scores = score(clip, steady(clip, make()))
                yield Row(case, mode, scores, failures(case, mode, scores, style=style))


def run(
    cases: Sequence[str] = tuple(CASES),
    count: int = 40,
    width: int = 640,
    height: int = 360,
    *,
    style: str = TOUCHY,
    on_row: Callable[[Row], None] = lambda row: None,
) -> dict[str, Any]:
    """Score all and return the figures; "is_good" = ours meet, the control misses every gate."""
    figures: dict[str, Any] = {"width": width, "height": height, "frames": count, "cases": {}}
    is_good = True
    for row in compare(cases, count, width, height, style):
        on_row(row)
        values = {key: round(value, 4) for key, value in asdict(row.scores).items()}
        figures["cases"].setdefault(row.case, {})[row.mode] = values | {"missed": row.failures}
        is_good &= bool(row.failures) == (row.mode == CONTROL)
    return figures | {"is_good": is_good}


def heading() -> str:
    """Return the first line of the table."""
    return f"{'case':12}{'mode':8}" + "".join(f"{f.name:>9}" for f in fields(Scores)) + "  gates"


def line(row: Row) -> str:
    """Return one line of the table."""
    values = "".join(f"{value:9.3f}" for value in asdict(row.scores).values())
    return f"{row.case:12}{row.mode:8}{values}  {'; '.join(row.failures) or 'met'}"
