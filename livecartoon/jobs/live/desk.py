"""What the keys change: pure state, no threads, no window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from livecartoon.config import Look, TemporalName
from livecartoon.errors import UsageError
from livecartoon.jobs.live.settings import HudLevel
from livecartoon.sinks.presenter import Compare

STEP = 0.05
BIG_STEP = 0.1
"""Of sliders from 0 to 2."""
KEEP_COLOR_STEPS = (0.0, 0.5, 1.0)
SLIDERS = ("strength", "keep_color", "ink", "vivid")
COMPARES: tuple[Compare, ...] = ("off", "wipe", "side")
TEMPORALS: tuple[TemporalName, ...] = ("auto", "off", "blend", "flow")
HUDS: tuple[HudLevel, ...] = ("off", "min", "full")
HELP = (
    "q  Esc\tquit",
    "1 - 9\tstyle by number",
    "[   ]\tprevious / next style",
    "0\toriginal",
    "+  -\tstrength",
    "k\tkeep colours",
    "o  l\tlines darker / lighter",
    "u  j\tcolours stronger / weaker",
    "t\tanti-flicker auto / off / blend / flow",
    "space\tfreeze",
    "s\tsnapshot",
    "r\trecording on / off, no sound",
    "v\tvirtual camera on / off",
    "g\tgovernor on / off",
    "c\tcompare: wipe / beside",
    "m\tmirror",
    "f\tfull screen",
    "h\ttext off / min / full",
    "i\tfigures to the terminal",
    "?\tthis help",
)
"""Key and meaning, a tab between them."""


@dataclass(slots=True)
class Desk:
    """The knobs of a live run; `press` turns them."""

    styles: Sequence[str]
    style: str
    look: Look = field(default_factory=Look)
    temporal: TemporalName = "auto"
    hud: HudLevel = "min"
    compare: Compare = "off"
    is_frozen: bool = False
    is_original: bool = False
    is_mirrored: bool = True
    is_fullscreen: bool = False
    is_help: bool = False
    is_governed: bool = True
    wants_quit: bool = False
    wants_snapshot: bool = False
    wants_figures: bool = False
    toggled: list[str] = field(default_factory=list)
    """Kinds of sinks to start or stop, in the order of the keys."""

    def press(self, key: str) -> None:
        """Do what `key` stands for; a key without meaning does nothing.

        `style=NAME`, `strength=0.4` and the like, from a page, set a knob directly.
        """
        name, is_setting, value = key.partition("=")
        if name and is_setting:
            self._set(name, value)
        elif key.isdecimal() and key != "0":
            self._pick_style(int(key) - 1)
        elif action := ACTIONS.get(key):
            action(self)

    def _set(self, name: str, value: str) -> None:
        if name == "style" and value in self.styles:
            self.style = value
        elif name == "temporal":
            self.temporal = next((known for known in TEMPORALS if known == value), self.temporal)
        elif name in SLIDERS:
            with suppress(UsageError, ValueError):  # out of range, or no number: nothing happens
                self.look = replace(self.look, **{name: float(value)})

    def _pick_style(self, index: int) -> None:
        if index < len(self.styles):
            self.style = self.styles[index]

    def turn_style(self, step: int) -> None:
        """Go to the next (+1) or previous (-1) style, round and round."""
        if self.styles:
            self.style = self._beside(step)

    @property
    def neighbours(self) -> list[str]:
        """The styles one key away, the next one first."""
        names = [self._beside(step) for step in (1, -1)] if self.styles else []
        return [name for name in dict.fromkeys(names) if name != self.style]

    def _beside(self, step: int) -> str:
        here = self.styles.index(self.style) if self.style in self.styles else -max(step, 0)
        return self.styles[(here + step) % len(self.styles)]

    def turn_strength(self, step: float) -> None:
        """Change the strength within 0..1."""
        strength = min(1.0, max(0.0, round(self.look.strength + step, 2)))
        self.look = replace(self.look, strength=strength)

    def turn_double(self, name: Literal["ink", "vivid"], step: float) -> None:
        """Change a slider that goes from 0 to 2."""
        value = min(2.0, max(0.0, round(getattr(self.look, name) + step, 2)))
        self.look = replace(self.look, **{name: value})

    def turn_keep_color(self) -> None:
        """Go to the next of 0, 0.5, 1."""
        later = [step for step in KEEP_COLOR_STEPS if step > self.look.keep_color]
        self.look = replace(self.look, keep_color=later[0] if later else 0.0)

    def turn_temporal(self) -> None:
        """Go to the next anti-flicker."""
        self.temporal = TEMPORALS[(TEMPORALS.index(self.temporal) + 1) % len(TEMPORALS)]

    def turn_compare(self) -> None:
        """Go to the next way of comparing."""
        self.compare = COMPARES[(COMPARES.index(self.compare) + 1) % len(COMPARES)]

    def turn_hud(self) -> None:
        """Go to the next amount of text."""
        self.hud = HUDS[(HUDS.index(self.hud) + 1) % len(HUDS)]


def _flip(name: str) -> Callable[[Desk], None]:
    def flip(desk: Desk) -> None:
        setattr(desk, name, not getattr(desk, name))

    return flip


def _ask(name: str) -> Callable[[Desk], None]:
    def ask(desk: Desk) -> None:
        setattr(desk, name, True)

    return ask


def _toggle(kind: str) -> Callable[[Desk], None]:
    def toggle(desk: Desk) -> None:
        desk.toggled.append(kind)

    return toggle


ACTIONS: dict[str, Callable[[Desk], None]] = {
    " ": _flip("is_frozen"),
    "+": lambda desk: desk.turn_strength(STEP),
    "-": lambda desk: desk.turn_strength(-STEP),
    "0": _flip("is_original"),
    "=": lambda desk: desk.turn_strength(STEP),
    "?": _flip("is_help"),
    "[": lambda desk: desk.turn_style(-1),
    "]": lambda desk: desk.turn_style(1),
    "c": Desk.turn_compare,
    "esc": _ask("wants_quit"),
    "f": _flip("is_fullscreen"),
    "g": _flip("is_governed"),
    "h": Desk.turn_hud,
    "i": _ask("wants_figures"),
    "j": lambda desk: desk.turn_double("vivid", -BIG_STEP),
    "k": Desk.turn_keep_color,
    "l": lambda desk: desk.turn_double("ink", -BIG_STEP),
    "left": lambda desk: desk.turn_style(-1),
    "m": _flip("is_mirrored"),
    "o": lambda desk: desk.turn_double("ink", BIG_STEP),
    "q": _ask("wants_quit"),
    "r": _toggle("record"),
    "right": lambda desk: desk.turn_style(1),
    "s": _ask("wants_snapshot"),
    "t": Desk.turn_temporal,
    "u": lambda desk: desk.turn_double("vivid", BIG_STEP),
    "v": _toggle("vcam"),
}
