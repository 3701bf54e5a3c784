"""Anti-flicker methods by name; nothing is imported before it is chosen."""

from __future__ import annotations

from importlib import import_module

from livecartoon.errors import UsageError
from livecartoon.temporal.base import Temporal

__all__ = ["TEMPORAL", "Temporal", "open_temporal"]

#: Name -> "module:class"; the class takes the strength 0..1 and the card.
TEMPORAL: dict[str, str] = {
    "auto": "livecartoon.temporal.auto:Auto",
    "blend": "livecartoon.temporal.blend:Blend",
    "flow": "livecartoon.temporal.flow:Flow",
    "off": "livecartoon.temporal.off:Off",
}


def open_temporal(name: str, strength: float, card: str | None = None) -> Temporal:
    """Return a fresh filter for one stream; `strength` 0 = as drawn, 1 = steadiest. UsageError.

    `card` is torch's name of the device that draws; without one, torch is not imported.
    """
    if name not in TEMPORAL:
        raise UsageError("E201", f"no temporal mode {name!r}", f"one of {', '.join(TEMPORAL)}")
    if not 0 <= strength <= 1:
        raise UsageError(
            "E201", f"temporal-strength {strength} is outside 0..1", "a number between 0 and 1"
        )
    module, _, kind = TEMPORAL[name].partition(":")
    filter_: Temporal = getattr(import_module(module), kind)(strength, card)
    return filter_
