"""A live job small enough for tests: toy stylizers, a script of keys, every picture kept."""

from __future__ import annotations

import threading
import time
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
        self.told: list[object] = []
        self.is_closed = False

    def __call__(self, frame: Frame) -> Frame:
        assert not self.is_closed
        time.sleep(self.delay_s)
        self.stage_s["network"] += self.delay_s
        pixels = 255 - frame.pixels if self.style == "invert" else frame.pixels.copy()
        return replace(frame, pixels=np.asarray(pixels, np.uint8))

    def set_look(self, look: Look) -> None:
        self.told.append(look)

    def set_temporal(self, name: str) -> None:
        self.told.append(name)

    def reset(self) -> None:
        self.told.append("reset")

    def close(self) -> None:
        self.is_closed = True


@dataclass
class ToyShop:
    """Makes toy stylizers; `broken` cannot be made; `gate` holds a making back until it is set.

    With a level they take `level_delay_s` a frame, and their making `level_making_s`; any making
    takes `opening_s`.
    """

    delay_s: float = 0.0
    level_delay_s: float = 0.0
    level_making_s: float = 0.0
    opening_s: float = 0.0
    made: list[ToyStylizer] = field(default_factory=list)
    gate: threading.Event | None = None

    def __call__(self, key: StyleKey, width: int, height: int) -> ToyStylizer:
        if self.gate is not None and key.style != "copy":
            self.gate.wait(5)
        if key.style == "broken":
            raise ModelError("E601", "weights missing", "reinstall")
        time.sleep(self.opening_s)
        if key.rung is not None:
            time.sleep(self.level_making_s)
        delay_s = self.delay_s if key.rung is None else self.level_delay_s
        self.made.append(ToyStylizer(key.style, delay_s))
        return self.made[-1]


STYLES = ("copy", "invert", "broken")
CARD = "pattern:320x180@50"


def live_settings(**changes) -> LiveSettings:
    wanted = {"camera": CARD, "show": False, "sinks": ("null",), "static_skip": False}
    return LiveSettings(**(wanted | changes))


class Recorder(HeadlessPresenter):
    """A headless presenter that keeps every scene and when it was shown."""

    def __init__(self, script=()) -> None:
        super().__init__(script)
        self.scenes = []
        self.shown_s: list[float] = []

    def show(self, scene) -> None:
        super().show(scene)
        self.scenes.append(scene)
        self.shown_s.append(time.monotonic())


def play(
    keys: list[tuple[float, str]] | None = None,
    *,
    style: str = "copy",
    shop: ToyShop | None = None,
    on_status=None,
    on_line=None,
    find_ladder=None,
    **changes,
) -> tuple[LiveReport, Recorder]:
    """Run the live job on the drawn card with `keys` pressed at their seconds."""
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
