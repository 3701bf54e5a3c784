"""Where the live picture is seen and where keys come from."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from livecartoon.frame import Pixels

Compare = Literal["off", "wipe", "side"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture to show and how; text is drawn on the shown copy only."""

    styled: Pixels
    source: Pixels
    compare: Compare = "off"
    wipe: float = 0.5
    """Where the wipe's edge stands, 0 = left, 1 = right; a window with a mouse decides itself."""
    is_original: bool = False
    is_mirrored: bool = False
    is_fullscreen: bool = False
    hud: tuple[str, ...] = ()
    """Lines for the top left corner, ASCII."""
    panel: tuple[str, ...] = ()
    """Lines for the middle: key help, a placard."""


class Presenter(Protocol):
    """Shows scenes; always used from the main thread."""

    @property
    def is_closed(self) -> bool:
        """True once the user has closed it."""
        ...

    def show(self, scene: Scene) -> None:
        """Put `scene` in front of the user; raises DeviceError."""
        ...

    def pressed(self) -> list[str]:
        """Return the keys pressed since the last call, lower case, `esc`, `left`, `right`."""
        ...

    def close(self) -> None:
        """Take it off the screen; twice is harmless."""
        ...


class HeadlessPresenter:
    """Shows nothing and presses the keys of a script: (seconds after the first scene, key)."""

    def __init__(self, script: Iterable[tuple[float, str]] = ()) -> None:
        self._script = sorted(script, reverse=True)
        self._start_s: float | None = None
        self._is_closed = False
        self.last: Scene | None = None

    @property
    def is_closed(self) -> bool:
        """True after `close`."""
        return self._is_closed

    def show(self, scene: Scene) -> None:
        """Keep `scene` as `last`."""
        self.last = scene
        if self._start_s is None:
            self._start_s = time.monotonic()

    def pressed(self) -> list[str]:
        """Return the keys that are due."""
        due: list[str] = []
        elapsed_s = -1.0 if self._start_s is None else time.monotonic() - self._start_s
        while self._script and self._script[-1][0] <= elapsed_s:
            due.append(self._script.pop()[1])
        return due

    def close(self) -> None:
        """Forget the picture."""
        self._is_closed = True
        self.last = None
