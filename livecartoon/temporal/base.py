"""What every anti-flicker method promises."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from livecartoon.frame import Pixels


class Temporal(Protocol):
    """Mixes each styled frame with the past; one object per stream, causal, no added delay."""

    @property
    def method(self) -> str:
        """What is done at the moment: "off", "blend" or "flow"."""
        ...

    def __call__(self, source: Pixels, styled: Pixels, seconds: float) -> Pixels:
        """Return what to show for `styled`, made from `source` at presentation time `seconds`.

        All uint8 RGB (H, W, 3) of one size; neither input is modified; the result may be
        `styled` itself. A first frame, a cut, a gap or a new size returns `styled` bit-exactly.
        """
        ...

    def reset(self) -> None:
        """Forget the past: the next frame is shown as it is."""
        ...


@runtime_checkable
class Sparing(Temporal, Protocol):
    """A method that can do with less."""

    def stay(self) -> None:
        """Do without the costly part from now on."""
        ...
