"""The live sliders of what draws from Python."""

from __future__ import annotations

from dataclasses import replace

from livecartoon.closing import Closing
from livecartoon.config import EngineOptions, Look
from livecartoon.stylizer import Stylizer


class Adjustable(Closing):
    """Draws with one `Stylizer`, once there is one, under sliders that can be moved meanwhile."""

    _options: EngineOptions
    _stylizer: Stylizer | None

    @property
    def look(self) -> Look:
        """The live sliders; assign `replace(toon.look, strength=0.8)`."""
        return self._options.look

    @look.setter
    def look(self, look: Look) -> None:
        if self._stylizer is not None:
            self._stylizer.set_look(look)
        self._options = replace(self._options, look=look)
