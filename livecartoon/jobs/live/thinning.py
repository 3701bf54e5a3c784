"""Fewer pictures than the camera gives, evenly spaced."""

from __future__ import annotations

SLACK = 0.25
"""Of a period that a frame may come early: cameras are not exact."""


class Thinner:
    """Lets frames pass at most at a rate."""

    def __init__(self) -> None:
        self._due_s = float("-inf")

    def __call__(self, now_s: float, most_fps: float | None) -> bool:
        """Whether the frame that has come at `now_s` is taken."""
        if most_fps is None:
            return True
        period_s = 1 / most_fps
        slack_s = SLACK * period_s
        if now_s + slack_s < self._due_s:
            return False
        is_in_step = now_s - self._due_s < slack_s
        self._due_s = (self._due_s if is_in_step else now_s) + period_s
        return True
