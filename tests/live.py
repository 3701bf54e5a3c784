"""A live job small enough for tests: toy stylizers, a script of keys, every picture kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from livecartoon.config import EngineOptions, Look
from livecartoon.errors import ModelError
from livecartoon.frame import Frame
from livecartoon.jobs.live import LiveReport, LiveSettings, run_live
from livecartoon.jobs.live.styling import StyleKey
from livecartoon.sinks.presenter import HeadlessPresenter
from livecartoon.temporal.steadier import TemporalReport


@dataclass(frozen=True)
class ToyReport:
    device: str = "cpu"
    name: str = "cpu"
    backend: str = "toy"
    precision: str = "fp32"
    infer_size: tuple[int, int] = (160, 90)
    key: str | None = None


class ToyStylizer:
    """`copy` copies, `invert` inverts; notes what it was told."""

    def __init__(self, style: str, delay_s: float = 0.0) -> None:
        self.style, self.delay_s = style, delay_s
        self.report = ToyReport()
        self.temporal = TemporalReport("auto", "blend")
        self.stage_s = {"network": 0.0, "temporal": 0.0}
        self.network_s = 0.0
        self.waited_s = 0.0
        self.drawn: list[int] = []
        """`pts` of every frame but the black ones of warming up."""
        self.told: list[object] = []
        self.is_closed = False

    def complete(self, drawn: Frame) -> None:
        pass

    def steady(self, drawn: Frame) -> Frame:
        return drawn

    def draw(self, frame: Frame) -> Frame:
        assert not self.is_closed
        if frame.pixels.any():
            self.drawn.append(frame.pts)
        time.sleep(self.delay_s)
        self.stage_s["network"] += self.delay_s
        pixels = 255 - frame.pixels if self.style == "invert" else frame.pixels.copy()
        return replace(frame, pixels=np.asarray(pixels, np.uint8))

    def set_look(self, look: Look) -> None:
        self.told.append(look)

    def stay(self) -> bool:
        return False

    def set_temporal(self, name: str) -> None:
        self.told.append(name)

    def reset(self) -> None:
        self.told.append("reset")

    def close(self) -> None:
        self.is_closed = True


@dataclass
class ToyShop:
    """Makes toy stylizers; `broken` cannot be made.

    `gate` holds the making of any other style but `copy` back until it is set, `level_gate` that
    of a level, which then takes `level_delay_s` a frame.
    """

    delay_s: float = 0.0
    level_delay_s: float = 0.0
    made: list[ToyStylizer] = field(default_factory=list)
    gate: threading.Event | None = None
    level_gate: threading.Event | None = None

    def __call__(self, key: StyleKey, width: int, height: int) -> ToyStylizer:
        if self.gate is not None and key.style != "copy":
            assert self.gate.wait(LIMIT_S)
        if key.style == "broken":
            raise ModelError("E601", "weights missing", "reinstall")
        if self.level_gate is not None and key.rung is not None:
            assert self.level_gate.wait(LIMIT_S)
        delay_s = self.delay_s if key.rung is None else self.level_delay_s
        self.made.append(ToyStylizer(key.style, delay_s))
        return self.made[-1]


STYLES = ("copy", "invert", "broken")
CARD = "pattern:320x180@50"
LIMIT_S = 30.0
"""However busy the machine is: what has not come by then does not come."""


def live_settings(**changes) -> LiveSettings:
    wanted = {"camera": CARD, "show": False, "sinks": ("null",), "static_skip": False}
    return LiveSettings(**(wanted | changes))


When = float | int | Callable[["Recorder"], bool]
"""When a key is pressed: seconds after the first scene, that many scenes after the key before it,
or as soon as something is so."""


class Recorder(HeadlessPresenter):
    """A headless presenter that keeps every scene and when it was shown.

    The keys of its script are pressed in order, each when its turn has come and it is due.
    """

    def __init__(self, script: list[tuple[When, str]] = ()) -> None:
        super().__init__()
        self._steps = list(script)
        self.scenes = []
        self.shown_s: list[float] = []
        self._pressed_at = 0

    def show(self, scene) -> None:
        super().show(scene)
        self.scenes.append(scene)
        self.shown_s.append(time.monotonic())

    def pressed(self) -> list[str]:
        due = []
        while self._steps and self._is_due(self._steps[0][0]):
            due.append(self._steps.pop(0)[1])
            self._pressed_at = len(self.scenes)
        return due

    def _is_due(self, when: When) -> bool:
        if not self.shown_s:
            return False
        elapsed_s = time.monotonic() - self.shown_s[0]
        if isinstance(when, float):
            return elapsed_s >= when
        if isinstance(when, int):
            return len(self.scenes) >= self._pressed_at + when
        assert elapsed_s < LIMIT_S, "the run never came to what it waits for"
        return when(self)


def play(
    keys: list[tuple[When, str]] | None = None,
    *,
    style: str = "copy",
    shop: ToyShop | None = None,
    on_status=None,
    on_line=None,
    find_ladder=None,
    **changes,
) -> tuple[LiveReport, Recorder]:
    """Run the live job on the drawn card with `keys` pressed, see `When`."""
    presenter = Recorder(keys or [])
    report = run_live(
        live_settings(**changes),
        EngineOptions(style=style),
        on_status,
        on_line=on_line,
        presenter=presenter,
        make_stylizer=shop or ToyShop(),
        styles=STYLES,
        find_ladder=find_ladder,
    )
    return report, presenter
