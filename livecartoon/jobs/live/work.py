"""What the worker's two threads take, hand over and count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from livecartoon.config import Look, TemporalName
from livecartoon.frame import Frame
from livecartoon.jobs.live.gauge import Batch
from livecartoon.jobs.live.meters import RateMeter
from livecartoon.jobs.live.styling import StylizerLike


@dataclass(frozen=True, slots=True)
class Picture:
    """A captured frame and its styled form; `styled` is the source itself while warming up."""

    source: Frame
    styled: Frame
    style: str | None
    """None: no style is ready yet, this is the untouched source."""


@dataclass(slots=True)
class Begun:
    """A frame on its way from the first thread to the second."""

    frame: Frame
    style: str | None
    """None: shown untouched."""
    stylizer: StylizerLike | None = None
    """Who has drawn it; None: the last picture is shown again."""
    drawn: Any = None
    """What `StylizerLike.draw` returned."""
    now_s: float = 0.0
    draw_s: float = 0.0
    """What the first thread took, completing included."""
    network_s: float = 0.0
    """What a smaller network would save of, as far as the first thread knows."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the main thread may change while the worker runs; replaced as a whole."""

    look: Look = field(default_factory=Look)
    temporal: TemporalName = "auto"
    is_frozen: bool = False
    is_recording: bool = False
    """A recording gets every picture drawn anew."""
    most_fps: float | None = None
    """Frames beyond that rate are left out evenly; None = take all."""


@dataclass(slots=True)
class StyleTime:
    """How long a style has been on, in the order of use."""

    name: str
    seconds: float = 0.0


@dataclass(slots=True)
class WorkerCounts:
    """Read by the main thread, each written by one of the worker's threads only."""

    processed: RateMeter = field(default_factory=RateMeter)
    skipped: int = 0
    warmup: int = 0
    """Frames that came before the first style was ready."""
    left_out: int = 0
    """Frames beyond the rate that was asked for."""
    work: Batch = field(default_factory=Batch)
    """Milliseconds that the slower of the two threads took for each picture: it sets the pace."""
    fixed: Batch = field(default_factory=Batch)
    """Of these, what would be the same with a smaller network."""
    styles: list[StyleTime] = field(default_factory=list)
