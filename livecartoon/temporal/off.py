"""No anti-flicker: every frame as it was drawn."""

from __future__ import annotations

from livecartoon.frame import Pixels


class Off:
    """Shows what it is given."""

    def __init__(self, strength: float = 0.0, card: str | None = None) -> None:
        """Ignore both: there is nothing to steady."""

    @property
    def method(self) -> str:
        """Always "off"."""
        return "off"

    def __call__(self, source: Pixels, styled: Pixels, seconds: float) -> Pixels:
        """Return `styled` itself."""
        return styled

    def reset(self) -> None:
        """Do nothing: there is no past."""
