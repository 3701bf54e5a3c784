"""A switch of style in the live picture: what is dropped, how long the picture stands still."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from livecartoon.config import EngineOptions
from livecartoon.jobs.live import LiveSettings, run_live
from livecartoon.sinks.presenter import HeadlessPresenter, Scene
from livecartoon.sources.pattern import read_time_code

RATE = 30
STYLE = "shinkai"
SETTLE_S, BETWEEN_S = 8.0, 5.0
"""Until the styles beside are open; from one switch to the next."""
AROUND_S = 1.0
MOST_DROPPED = 1
"""Beside what the machine drops without a switch."""


def run(there: str = "classic", size: str = "640x360") -> dict[str, Any]:
    """Run the drawn card, go from shinkai to `there` and back; the second around each switch.

    `dropped` counts frames of the card that were never shown, by its own counter; `gap_ms` is the
    longest time between two pictures, beside that of a second without a switch (`usual`).
    """
    watching = _Switching(((SETTLE_S, there), (SETTLE_S + BETWEEN_S, STYLE)))
    run_live(
        LiveSettings(
            camera=f"pattern:{size}@{RATE}",
            show=False,
            sinks=("null",),
            static_skip=False,
            governor=False,
            duration_s=SETTLE_S + 2 * BETWEEN_S,
        ),
        EngineOptions(style=STYLE),
        presenter=watching,
    )
    switches = {name: watching.around(at_s) for name, at_s in watching.pressed_s}
    usual = watching.around(watching.pressed_s[0][1] - 1.5 * AROUND_S)
    most = usual["dropped"] + MOST_DROPPED
    is_good = all(figures["dropped"] <= most for figures in switches.values())
    return {"size": size, "usual": usual, "switches": switches, "is_good": is_good}


class _Switching(HeadlessPresenter):
    """Presses what turns to a style at its second; notes when which frame was shown."""

    def __init__(self, script: tuple[tuple[float, str], ...]) -> None:
        super().__init__([(at_s, f"style={name}") for at_s, name in script])
        self.pressed_s: list[tuple[str, float]] = []
        self._shown: list[tuple[float, int]] = []

    def show(self, scene: Scene) -> None:
        super().show(scene)
        if (code := read_time_code(scene.source)) is not None:
            self._shown.append((time.monotonic(), code[0]))

    def pressed(self) -> list[str]:
        keys = super().pressed()
        self.pressed_s += [(key.partition("=")[2], time.monotonic()) for key in keys]
        return keys

    def around(self, start_s: float) -> dict[str, float]:
        """Drops and the longest gap in the second that begins at `start_s`."""
        near = [seen for seen in self._shown if start_s <= seen[0] <= start_s + AROUND_S]
        times_s, counters = np.array(near).T
        steps = np.diff(counters)
        return {
            "pictures": len(near),
            "dropped": int((steps[steps > 0] - 1).sum()),
            "gap_ms": round(1000 * float(np.diff(times_s).max()), 1),
        }
