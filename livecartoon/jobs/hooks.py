"""Who hears of a conversion, and where its engines come from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from livecartoon.config import EngineOptions
from livecartoon.jobs.crew import Crew
from livecartoon.jobs.lapstyle import Stylize
from livecartoon.jobs.planning import Warn
from livecartoon.jobs.report import FileReport
from livecartoon.sources.base import VideoInfo

MakeStylize = Callable[[VideoInfo, EngineOptions], AbstractContextManager[Stylize]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a running conversion stands."""

    frame: int
    frames: int | None
    """All there will be, None if the container does not say."""
    seconds: float
    """Since the first frame was asked for."""
    bytes_out: int = 0
    """Size of the closed pieces."""
    film_s: float | None = None
    """How much of the film was made in these seconds, None if its length is not known."""
    stage: str = ""
    """The slowest one, or "redraw" while a lap that was stopped is drawn up to where it ends."""


def make_stylizer(info: VideoInfo, options: EngineOptions) -> AbstractContextManager[Stylize]:
    """Return the engine for frames of `info`; seconds when it has to be built."""
    from livecartoon.styles import find_style
    from livecartoon.stylizer import Stylizer

    return Stylizer(find_style(options.style), info.width, info.height, options)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who hears of what happens, and where engines come from."""

    make_stylize: MakeStylize
    make_own: MakeStylize
    """Makes an engine of one's own where `make_stylize` lends a shared one."""
    on_progress: Callable[[Progress], None] | None = None
    on_start: Callable[[FileReport], None] | None = None
    on_warning: Warn | None = None
    crew: Crew | None = None
    """Workers elsewhere that draw instead of `make_own`."""
